# The ways back, step by step. A restore goes beside what is there, is verified, and only then used; the
# estimates are those of the last drill, to be replaced by measured ones.

# Scenario 1: the database is gone, the server works.
procedure "database" {
  description = "brings the database back beside the broken one, to the newest second"

  step "test_database" {
    description = "see what is wrong with the database"
    run         = ["./scripts/test-database.sh", target.database]
    needs       = [site.server]
    estimate    = "2m"
    drill       = "run"
  }
  step "read_log" {
    description = "read the last of its log"
    after       = [step.test_database]
    run         = ["tail", "--lines=200", "/var/log/postgresql/postgresql.log"]
    needs       = [site.server]
    estimate    = "2m"
  }
  step "stop" {
    description = "stop the application, so that nothing is written beside the restore"
    after       = [step.read_log]
    run         = ["pm2", "stop", target.app]
    undo        = ["pm2", "start", target.app]
    needs       = [site.server]
    estimate    = "1m"
    drill       = "run"
  }
  step "verify_backup" {
    description = "read all of the repository and compare its checksums"
    after       = [step.test_database]
    run         = ["pgbackrest", "--stanza=bizcard", "verify"]
    checks      = "backup"
    needs       = [site.server]
    estimate    = "10m"
    drill       = "run"
  }
  step "restore" {
    description = "restore into a new data directory; the old one stays as it is"
    after       = [step.stop, step.verify_backup]
    restore     = datastore.postgres
    from        = backup.database
    into        = target.data
    needs       = [site.server]
    estimate    = "20m"
    drill       = "run"
  }
  step "serve" {
    description = "let PostgreSQL serve what came back; the old directory stays as it is"
    after       = [step.restore]
    run         = ["./scripts/serve-database.sh", target.cluster, target.data]
    undo        = ["./scripts/serve-database.sh", target.cluster, target.old_data]
    needs       = [site.server]
    estimate    = "2m"
    drill       = "run"
  }
  step "newest" {
    description = "read the canary: how much was lost"
    after       = [step.serve]
    sql {
      database = target.database
      query    = "SELECT max(at) AS drctl_canary FROM drctl_canary"
    }
    checks   = "data"
    needs    = [site.server]
    estimate = "1m"
  }
  step "migrate" {
    description = "bring the schema to the version of the application"
    after       = [step.serve]
    run         = ["./scripts/migrate.sh", target.database]
    needs       = [site.server]
    estimate    = "2m"
    drill       = "run"
  }
  step "validate" {
    description = "count brands, branches and users, and look for orphans and for today's rows"
    after       = [step.migrate]
    sql {
      database = target.database
      file     = "./scripts/validate-data.sql"
    }
    checks   = "data"
    needs    = [site.server]
    estimate = "3m"
  }
  step "start" {
    description = "start the application"
    after       = [step.validate, step.newest]
    run         = ["pm2", "start", target.app]
    undo        = ["pm2", "stop", target.app]
    needs       = [site.server]
    estimate    = "1m"
    drill       = "run"
  }
  step "health" {
    description = "see that the platform answers"
    after       = [step.start]
    http {
      url = "https://${target.host}/api/health"
    }
    within   = "1m"
    checks   = "service"
    needs    = [site.server]
    estimate = "1m"
  }
}

# Scenario 2: the server is gone. Everything comes back on a new one, beside what may be left of the old.
procedure "server" {
  description = "brings everything back on a new server"

  step "fence" {
    description = "cut the old server off, in case it is still half alive and writes"
    run = [
      "aws", "ec2", "modify-instance-attribute", "--region", "ap-south-1", "--instance-id", "i-0bc1234567890abcd",
      "--groups", "sg-0fe0000000000f3nc",
    ]
    estimate = "1m"
  }
  step "launch" {
    description = "launch a server from the template: Node.js, PostgreSQL, Redis and pgBackRest are in its image"
    run = [
      "aws", "ec2", "run-instances", "--region", "ap-south-1", "--launch-template",
      "LaunchTemplateName=onetouch-bizcard", "--count", "1",
    ]
    estimate     = "4m"
    estimate_p95 = "8m"
  }
  step "clone" {
    description = "get the application"
    after       = [step.launch]
    run         = ["git", "clone", target.repository, target.checkout]
    undo        = ["rm", "-r", target.checkout]
    needs       = [site.git]
    estimate    = "1m"
    drill       = "run"
  }
  step "install" {
    description = "install its packages"
    after       = [step.clone]
    run         = ["npm", "ci", "--prefix", target.checkout]
    estimate    = "3m"
    drill       = "run"
  }
  step "fetch_key" {
    description = "get the key of the configuration"
    after       = [step.launch]
    manual      = "Copy the item \"restic bizcard-config\" of the vault \"Operations\" to /etc/restic/key on the new server, mode 600"
    why         = "the key is kept where no machine can read it"
    owner       = contact.on_call
    needs       = [site.vault]
    estimate    = "5m"
  }
  step "restore_config" {
    description = "bring .env.production back"
    after       = [step.install, step.fetch_key]
    restore     = datastore.config
    from        = backup.config
    into        = target.checkout
    via         = ["env", "--chdir=${target.checkout}", "sh", "-c"]
    estimate    = "2m"
    drill       = "run"
  }
  step "verify_backup" {
    description = "read all of the repository and compare its checksums"
    after       = [step.launch]
    run         = ["pgbackrest", "--stanza=bizcard", "verify"]
    checks      = "backup"
    estimate    = "10m"
    drill       = "run"
  }
  step "restore" {
    description = "restore into the new server's data directory"
    after       = [step.fence, step.verify_backup]
    restore     = datastore.postgres
    from        = backup.database
    into        = target.data
    estimate    = "20m"
    drill       = "run"
  }
  step "serve" {
    description = "let PostgreSQL serve what came back"
    after       = [step.restore]
    run         = ["./scripts/serve-database.sh", target.cluster, target.data]
    undo        = ["./scripts/stop-database.sh", target.cluster]
    estimate    = "2m"
    drill       = "run"
  }
  step "newest" {
    description = "read the canary: how much was lost"
    after       = [step.serve]
    sql {
      database = target.database
      query    = "SELECT max(at) AS drctl_canary FROM drctl_canary"
    }
    checks   = "data"
    estimate = "1m"
  }
  step "migrate" {
    description = "bring the schema to the version of the application"
    after       = [step.serve, step.restore_config]
    run         = ["./scripts/migrate.sh", target.database]
    estimate    = "2m"
    drill       = "run"
  }
  step "validate" {
    description = "count brands, branches and users, and look for orphans and for today's rows"
    after       = [step.migrate]
    sql {
      database = target.database
      file     = "./scripts/validate-data.sql"
    }
    checks   = "data"
    estimate = "3m"
  }
  step "test_s3" {
    description = "see that the new server reads the assets"
    after       = [step.restore_config]
    run         = ["./scripts/test-s3.sh"]
    estimate    = "1m"
  }
  step "build" {
    description = "build the application"
    after       = [step.restore_config]
    run         = ["npm", "run", "build", "--prefix", target.checkout]
    estimate    = "4m"
    drill       = "run"
  }
  step "start" {
    description = "start the application"
    after       = [step.build, step.validate, step.newest, step.test_s3]
    run         = ["pm2", "start", "npm", "--name", target.app, "--", "start", "--prefix", target.checkout]
    undo        = ["pm2", "delete", target.app]
    estimate    = "1m"
    drill       = "run"
  }
  step "save" {
    description = "let pm2 start it again after a reboot"
    after       = [step.start]
    run         = ["pm2", "save"]
    estimate    = "1m"
  }
  step "check_before_dns" {
    description = "see that the new server answers, before anybody is sent to it"
    after       = [step.start]
    run         = ["./scripts/verify-production.sh", "--host", target.server]
    within      = "1m"
    checks      = "service"
    estimate    = "2m"
    drill       = "run"
  }
  step "point_dns" {
    description = "point onetouchbizcard.in to the new server"
    after       = [step.check_before_dns]
    run = [
      "aws", "route53", "change-resource-record-sets", "--hosted-zone-id", "Z0BIZCARD00000000000",
      "--change-batch", "file://dns/to-new-server.json",
    ]
    undo = [
      "aws", "route53", "change-resource-record-sets", "--hosted-zone-id", "Z0BIZCARD00000000000",
      "--change-batch", "file://dns/to-old-server.json",
    ]
    needs    = [site.dns]
    estimate = "1m"
  }
  step "propagation" {
    description  = "until everybody sees it: the TTL of 60 seconds, and resolvers that round it up"
    after        = [step.point_dns]
    wait         = "5m"
    estimate     = "1m"
    estimate_p95 = "5m"
  }
  step "verify" {
    description = "verify all services, from outside"
    after       = [step.propagation]
    run         = ["./scripts/verify-production.sh"]
    checks      = "service"
    estimate    = "3m"
  }
}

# Scenario 3: the database works and is wrong. It comes back beside itself, to the second before.
procedure "corruption" {
  description = "brings the database back to before the corruption"

  step "stop" {
    description = "stop the application, so that no more is written wrongly"
    run         = ["pm2", "stop", target.app]
    undo        = ["pm2", "start", target.app]
    needs       = [site.server]
    estimate    = "1m"
    drill       = "run"
  }
  step "scope" {
    description = "see what is wrong, and since when"
    after       = [step.stop]
    sql {
      database = target.database
      file     = "./scripts/corruption-scope.sql"
    }
    needs        = [site.server]
    estimate     = "5m"
    estimate_p95 = "15m"
  }
  step "evidence" {
    description = "keep the present state: what was written since is looked for in it"
    after       = [step.stop]
    run         = ["pgbackrest", "--stanza=bizcard", "--type=incr", "--annotation=reason=corruption", "backup"]
    needs       = [site.server]
    estimate    = "3m"
  }
  step "verify_backup" {
    description = "read all of the repository and compare its checksums"
    after       = [step.stop]
    run         = ["pgbackrest", "--stanza=bizcard", "verify"]
    checks      = "backup"
    needs       = [site.server]
    estimate    = "10m"
    drill       = "run"
  }
  step "restore" {
    description = "restore to before the corruption, into a new data directory; the old one stays as it is"
    after       = [step.scope, step.evidence, step.verify_backup]
    restore     = datastore.postgres
    from        = backup.database
    into        = target.data
    needs       = [site.server]
    estimate    = "20m"
    drill       = "run"
  }
  step "serve" {
    description = "let PostgreSQL serve what came back; the old directory stays as it is"
    after       = [step.restore]
    run         = ["./scripts/serve-database.sh", target.cluster, target.data]
    undo        = ["./scripts/serve-database.sh", target.cluster, target.old_data]
    needs       = [site.server]
    estimate    = "2m"
    drill       = "run"
  }
  step "newest" {
    description = "read the canary: how much was lost"
    after       = [step.serve]
    sql {
      database = target.database
      query    = "SELECT max(at) AS drctl_canary FROM drctl_canary"
    }
    checks   = "data"
    needs    = [site.server]
    estimate = "1m"
  }
  step "restore_assets" {
    description  = "bring back the versions from before the corruption: some hundred images in half an hour"
    after        = [step.scope]
    restore      = datastore.assets
    estimate     = "10m"
    estimate_p95 = "20m"
  }
  step "look_at_images" {
    description = "open images of brands that changed since, and see that they are right"
    after       = [step.restore_assets]
    run         = ["./scripts/check-images.sh", "--since", "1 hour"]
    checks      = "data"
    estimate    = "5m"
  }
  step "validate" {
    description = "count brands, branches and users, and look for orphans and for what was wrong"
    after       = [step.serve]
    sql {
      database = target.database
      file     = "./scripts/validate-data.sql"
    }
    checks   = "data"
    needs    = [site.server]
    estimate = "3m"
  }
  step "start" {
    description = "start the application"
    after       = [step.validate, step.newest, step.look_at_images]
    run         = ["pm2", "start", target.app]
    undo        = ["pm2", "stop", target.app]
    needs       = [site.server]
    estimate    = "1m"
    drill       = "run"
  }
  step "health" {
    description = "see that the platform answers"
    after       = [step.start]
    http {
      url = "https://${target.host}/api/health"
    }
    within   = "1m"
    checks   = "service"
    needs    = [site.server]
    estimate = "1m"
  }
}

# Scenario 4: the cache is gone. The platform is slow without it, not down.
procedure "redis" {
  description = "brings the cache back, empty"

  step "test" {
    description = "see what is wrong with Redis"
    run         = ["./scripts/test-redis.sh", target.redis]
    needs       = [site.server]
    estimate    = "1m"
    drill       = "run"
  }
  step "reinstall" {
    description = "put Redis back as the image has it, with an empty data directory"
    after       = [step.test]
    run         = ["./scripts/reset-redis.sh", target.redis]
    destroys    = [datastore.redis]
    needs       = [site.server]
    estimate    = "3m"
    drill       = "run"
  }
  step "restart_application" {
    description = "let the application connect again"
    after       = [step.reinstall]
    run         = ["pm2", "restart", target.app, "--update-env"]
    needs       = [site.server]
    estimate    = "1m"
    drill       = "run"
  }
  step "warm_up" {
    description = "fill what is asked most"
    after       = [step.restart_application]
    http {
      url = "https://${target.host}/api/cache/warmup"
    }
    within   = "1m"
    checks   = "service"
    needs    = [site.server]
    estimate = "5m"
  }
}

# Scenario 5: drctl derives how the bucket's data comes back; this is what is looked at before and after.
procedure "storage" {
  description = "looks for what is wrong with the assets, and sees that images are served again"

  step "connectivity" {
    description = "list the bucket"
    run         = ["aws", "s3", "ls", "s3://${target.bucket}/"]
    estimate    = "1m"
    drill       = "run"
  }
  step "permissions" {
    description = "see what the application's user may do"
    run         = ["aws", "iam", "get-user-policy", "--user-name", target.user, "--policy-name", "S3Access"]
    estimate    = "1m"
    drill       = "run"
  }
  step "cloudfront" {
    description = "see that an image is served"
    after       = [step.connectivity, step.permissions]
    http {
      url = "https://${target.images}/test-image.jpg"
    }
    checks   = "service"
    needs    = [site.cloudfront]
    estimate = "1m"
  }
}
