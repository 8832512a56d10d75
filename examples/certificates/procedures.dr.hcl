# The ways back, step by step. What is restored goes beside what is there, is verified, and only then used. The
# commands are run in a checkout of the repository, by whoever is on call; the scripts of `ops/` reach the hosts.
# `target.place` says which: "production", or where the system comes back. The estimates are those of the last
# rehearsal.

procedure "restore_database" {
  description = "Brings the database back beside the broken one, to the newest second"

  step "look" {
    description = "see what is wrong: a full disk is no reason to restore"
    run         = ["./ops/database/look.sh", "--at", target.place]
    needs       = [site.database_host]
    estimate    = "2m"
    drill       = "run"
  }
  step "verify_backup" {
    description = "read the backup and its log, and compare their checksums"
    run         = ["./ops/database/verify-backup.sh", "--at", target.place]
    checks      = "backup"
    needs       = [site.database_host]
    estimate    = "4m"
    drill       = "run"
  }
  step "stop_application" {
    description = "take the instances away, so that nothing is written beside the restore"
    after       = [step.look]
    before "instances" {
      run = [
        "docker", "--context", target.place, "service", "inspect", "certificates_app",
        "--format", "{{.Spec.Mode.Replicated.Replicas}}"
      ]
    }
    run      = ["docker", "--context", target.place, "service", "scale", "certificates_app=0"]
    undo     = ["docker", "--context", target.place, "service", "scale", "certificates_app=${self.before.instances}"]
    needs    = [site.cluster]
    estimate = "1m"
    drill    = "run"
  }
  step "new_directory" {
    description = "an empty directory, which pgBackRest restores into from here on; the old one stays as it is"
    after       = [step.stop_application]
    run         = ["./ops/restore-into.sh", "--at", target.place, target.database]
    undo        = ["./ops/restore-into.sh", "--at", target.place, "--remove", target.database]
    needs       = [site.database_host]
    estimate    = "1m"
    drill       = "run"
  }
  step "restore" {
    description  = "on the database host, as postgres: into the new directory"
    after        = [step.new_directory, step.verify_backup]
    restore      = datastore.database
    from         = backup.database
    into         = target.database
    via          = ["./ops/on-host.sh", "--at", target.place, "database"]
    needs        = [site.database_host]
    estimate     = "8m"
    estimate_p95 = "12m"
  }
  step "verify_integrity" {
    description = "start PostgreSQL on the new directory, where only its host reaches it: indexes and counts"
    after       = [step.restore]
    run         = ["./ops/database/verify-integrity.sh", "--at", target.place, target.database]
    checks      = "data"
    needs       = [site.database_host]
    estimate    = "2m"
    drill       = "run"
  }
  step "migrate" {
    description = "bring the schema to the version of the application; nothing happens when it is there"
    after       = [step.verify_integrity]
    run         = ["./ops/database/migrate.sh", "--at", target.place, target.database]
    undo        = ["./ops/restore-into.sh", "--at", target.place, "--remove", target.database]
    needs       = [site.database_host]
    estimate    = "1m"
    drill       = "run"
  }
  step "switch" {
    description = "let PostgreSQL serve the new directory to everybody"
    after       = [step.migrate]
    run         = ["./ops/database/serve.sh", "--at", target.place, target.database]
    undo        = ["./ops/database/serve.sh", "--at", target.place, "the-one-before"]
    needs       = [site.database_host]
    estimate    = "1m"
    drill       = "run"
  }
  step "newest" {
    description = "read the canary: how much was lost"
    after       = [step.switch]
    sql {
      database = target.connection
      query    = "SELECT max(at) AS drctl_canary FROM drctl_canary"
    }
    checks   = "data"
    needs    = [site.database_host]
    estimate = "1m"
  }
  # No `undo`: what is written from here on is in the new directory alone.
  step "start_application" {
    description = "bring the instances back"
    after       = [step.newest]
    run         = ["docker", "--context", target.place, "service", "scale", "certificates_app=3"]
    needs       = [site.cluster]
    estimate    = "1m"
    drill       = "run"
  }
  step "verify_application" {
    description = "see that the application works with it"
    after       = [step.start_application]
    http {
      url = "https://${target.host}/health"
    }
    checks   = "service"
    needs    = [site.cluster]
    estimate = "1m"
  }
  step "protect_again" {
    description = "start a backup of what came back; it takes about ten minutes, and nobody waits for it"
    after       = [step.start_application]
    run         = ["./ops/database/backup.sh", "--at", target.place, "--type=diff", "--in-the-background"]
    needs       = [site.database_host]
    estimate    = "30s"
    downtime    = false
  }
}

procedure "restore_certificates" {
  description = "Brings the certificate files back beside what is left of them"

  step "verify_backup" {
    description = "read the newest snapshot, and compare its checksums"
    run         = ["./ops/restic/verify.sh", "certificates"]
    checks      = "backup"
    estimate    = "1m"
  }
  step "new_directory" {
    description = "an empty directory, which the restore goes into; the old one stays as it is"
    run         = ["./ops/restore-into.sh", "--at", target.place, target.certificates]
    undo        = ["./ops/restore-into.sh", "--at", target.place, "--remove", target.certificates]
    needs       = [site.volume]
    estimate    = "30s"
    drill       = "run"
  }
  step "restore" {
    description = "onto the volume, beside what is served"
    after       = [step.verify_backup, step.new_directory]
    restore     = datastore.certificates
    from        = backup.certificates
    into        = target.certificates
    needs       = [site.volume]
    estimate    = "2m"
    drill       = "run"
  }
  step "verify_permissions" {
    description = "600: nobody but the application may read them"
    after       = [step.restore]
    run         = ["./ops/certificates/verify-permissions.sh", "--at", target.place, "600", target.certificates]
    checks      = "data"
    needs       = [site.volume]
    estimate    = "30s"
    drill       = "run"
  }
  step "verify_validity" {
    description = "each has its private key, a whole chain and time left"
    after       = [step.verify_permissions]
    run         = ["./ops/certificates/verify.sh", "--at", target.place, target.certificates]
    checks      = "data"
    needs       = [site.volume]
    estimate    = "1m"
    drill       = "run"
  }
  step "update_metadata" {
    description = "compare with the database; what was issued since the snapshot is marked, to be issued again"
    after       = [step.verify_validity]
    run         = ["./ops/certificates/metadata.sh", "--at", target.place, "update", target.certificates]
    undo        = ["./ops/certificates/metadata.sh", "--at", target.place, "revert", target.certificates]
    needs       = [site.database_host]
    estimate    = "1m"
    drill       = "run"
  }
  # No `undo`: what is issued from here on is in the new directory alone.
  step "switch" {
    description = "let the instances read the new directory; the old one stays as it is"
    after       = [step.update_metadata]
    run         = ["./ops/certificates/serve.sh", "--at", target.place, target.certificates]
    needs       = [site.volume]
    estimate    = "30s"
    drill       = "run"
  }
  step "verify_access" {
    description = "see that every instance reads them"
    after       = [step.switch]
    http {
      url = "https://${target.host}/health/certificates"
    }
    checks   = "service"
    needs    = [site.cluster]
    estimate = "30s"
  }
  step "test_usage" {
    description = "sign an invoice that is for nobody, and verify the signature"
    after       = [step.verify_access]
    run         = ["./ops/certificates/sign-test-invoice.sh", "--at", target.place]
    checks      = "service"
    needs       = [site.cluster]
    estimate    = "1m"
    drill       = "run"
  }
}

procedure "restore_configuration" {
  description = "Brings the configuration of the application back"

  step "verify_backup" {
    description = "read the newest snapshot, and compare its checksums"
    run         = ["./ops/restic/verify.sh", "configuration"]
    checks      = "backup"
    estimate    = "1m"
  }
  step "new_directory" {
    description = "an empty directory, which the restore goes into; the old one stays as it is"
    run         = ["./ops/restore-into.sh", "--at", target.place, target.configuration]
    undo        = ["./ops/restore-into.sh", "--at", target.place, "--remove", target.configuration]
    needs       = [site.cluster]
    estimate    = "30s"
    drill       = "run"
  }
  step "restore" {
    description = "onto the cluster, beside what is used"
    after       = [step.verify_backup, step.new_directory]
    restore     = datastore.configuration
    from        = backup.configuration
    into        = target.configuration
    needs       = [site.cluster]
    estimate    = "1m"
    drill       = "run"
  }
  step "validate" {
    description = "see that every variable is there that the application asks for"
    after       = [step.restore]
    run         = ["./ops/configuration/validate.sh", "--at", target.place, target.configuration]
    checks      = "data"
    needs       = [site.cluster]
    estimate    = "30s"
    drill       = "run"
  }
  step "restart" {
    description = "restart the instances with it, one after the other"
    after       = [step.validate]
    run         = ["./ops/configuration/use.sh", "--at", target.place, target.configuration]
    undo        = ["./ops/configuration/use.sh", "--at", target.place, "the-one-before"]
    needs       = [site.cluster]
    estimate    = "2m"
    drill       = "run"
  }
  step "verify_health" {
    description = "see that all instances work"
    after       = [step.restart]
    http {
      url    = "https://${target.host}/health/instances"
      expect = strcontains(self.body, "3 of 3")
    }
    checks   = "service"
    needs    = [site.cluster]
    estimate = "30s"
  }
}

procedure "recover_application" {
  description = "The cluster replaces what fails, and the load balancer sends nobody there until it works"

  step "restart" {
    description  = "the cluster starts another instance; nobody has to do anything"
    wait         = "2m"
    estimate     = "30s"
    estimate_p95 = "2m"
  }
  step "force" {
    description = "replace all instances, one after the other"
    after       = [step.restart]
    when        = "the cluster has not replaced it"
    run         = ["docker", "--context", target.place, "service", "update", "--force", "certificates_app"]
    needs       = [site.cluster]
    estimate    = "1m"
    drill       = "run"
  }
  step "verify_health" {
    description = "see that all instances work"
    after       = [step.force]
    http {
      url    = "https://${target.host}/health/instances"
      expect = strcontains(self.body, "3 of 3")
    }
    checks   = "service"
    needs    = [site.cluster]
    estimate = "30s"
  }
}

procedure "rebuild" {
  description = "Builds the system anew in another region and restores everything there"

  step "decide" {
    manual   = "Look at AWS Health, and ask ${target.host} from two networks. If the region is not expected back within half an hour, say in #incident that the system moves to ${target.place}"
    why      = "only a person decides to leave a region that may come back"
    owner    = contact.on_call
    phase    = "decide"
    estimate = "5m"
  }
  step "fence" {
    description = "in case it is still half alive: DNS sends nobody there, and its credentials for the backups end"
    after       = [step.decide]
    run         = ["./ops/fence.sh", "close", "production"]
    undo        = ["./ops/fence.sh", "open", "production"]
    needs       = [site.dns]
    phase       = "build"
    estimate    = "1m"
  }
  step "build" {
    description  = "create network, hosts, volume, cluster and load balancer; PostgreSQL and pgBackRest are in the image"
    after        = [step.decide]
    run          = ["terraform", "apply", "-auto-approve", "-var=region=${target.place}"]
    undo         = ["terraform", "destroy", "-auto-approve", "-var=region=${target.place}"]
    dir          = "infrastructure"
    needs        = [site.git]
    phase        = "build"
    estimate     = "8m"
    estimate_p95 = "12m"
  }
  step "fetch_keys" {
    after    = [step.fence]
    manual   = "Save the item \"keys of the backups\" of the password manager as ~/.config/certificates/keys, mode 600. The same is on paper in the safe"
    why      = "the keys are kept where no machine can read them"
    owner    = contact.on_call
    needs    = [site.vault]
    phase    = "build"
    estimate = "5m"
  }
  step "verify_backups" {
    description = "read the backups and compare their checksums"
    after       = [step.fetch_keys]
    run         = ["./ops/verify-all-backups.sh"]
    checks      = "backup"
    phase       = "build"
    estimate    = "5m"
  }
  step "new_directories" {
    description = "empty directories on the new hosts, which the restores go into, and the keys for them"
    after       = [step.build, step.fetch_keys]
    run = [
      "./ops/restore-into.sh", "--at", target.place, target.database, target.certificates, target.configuration,
    ]
    undo = [
      "./ops/restore-into.sh", "--at", target.place, "--remove", target.database, target.certificates,
      target.configuration,
    ]
    phase    = "build"
    estimate = "1m"
    drill    = "run"
  }
  step "restore_database" {
    description  = "on the new database host, as postgres: into the new directory"
    after        = [step.new_directories, step.verify_backups]
    restore      = datastore.database
    from         = backup.database
    into         = target.database
    via          = ["./ops/on-host.sh", "--at", target.place, "database"]
    phase        = "restore"
    estimate     = "8m"
    estimate_p95 = "12m"
  }
  step "verify_database" {
    description = "start PostgreSQL where only its host reaches it: indexes and counts"
    after       = [step.restore_database]
    run         = ["./ops/database/verify-integrity.sh", "--at", target.place, target.database]
    checks      = "data"
    phase       = "restore"
    estimate    = "2m"
    drill       = "run"
  }
  step "migrate" {
    description = "bring the schema to the version of the application; nothing happens when it is there"
    after       = [step.verify_database]
    run         = ["./ops/database/migrate.sh", "--at", target.place, target.database]
    undo        = ["./ops/restore-into.sh", "--at", target.place, "--remove", target.database]
    phase       = "restore"
    estimate    = "1m"
    drill       = "run"
  }
  step "serve_database" {
    description = "let PostgreSQL serve it to the new cluster"
    after       = [step.migrate]
    run         = ["./ops/database/serve.sh", "--at", target.place, target.database]
    undo        = ["./ops/database/serve.sh", "--at", target.place, "nothing"]
    phase       = "restore"
    estimate    = "1m"
    drill       = "run"
  }
  step "newest" {
    description = "read the canary: how much was lost"
    after       = [step.serve_database]
    sql {
      database = target.connection
      query    = "SELECT max(at) AS drctl_canary FROM drctl_canary"
    }
    checks   = "data"
    phase    = "restore"
    estimate = "1m"
  }
  step "restore_certificates" {
    description = "onto the new volume"
    after       = [step.new_directories, step.verify_backups]
    restore     = datastore.certificates
    from        = backup.certificates
    into        = target.certificates
    phase       = "restore"
    estimate    = "2m"
    drill       = "run"
  }
  step "verify_permissions" {
    description = "600: nobody but the application may read them"
    after       = [step.restore_certificates]
    run         = ["./ops/certificates/verify-permissions.sh", "--at", target.place, "600", target.certificates]
    checks      = "data"
    phase       = "restore"
    estimate    = "30s"
    drill       = "run"
  }
  step "verify_certificates" {
    description = "each has its private key, a whole chain and time left"
    after       = [step.verify_permissions]
    run         = ["./ops/certificates/verify.sh", "--at", target.place, target.certificates]
    checks      = "data"
    phase       = "restore"
    estimate    = "1m"
    drill       = "run"
  }
  step "update_metadata" {
    description = "compare files and database; what only one of them has is marked, to be issued again"
    after       = [step.verify_certificates, step.serve_database]
    run         = ["./ops/certificates/metadata.sh", "--at", target.place, "update", target.certificates]
    undo        = ["./ops/certificates/metadata.sh", "--at", target.place, "revert", target.certificates]
    phase       = "restore"
    estimate    = "1m"
    drill       = "run"
  }
  step "serve_certificates" {
    description = "let the instances read them"
    after       = [step.update_metadata]
    run         = ["./ops/certificates/serve.sh", "--at", target.place, target.certificates]
    undo        = ["./ops/certificates/serve.sh", "--at", target.place, "nothing"]
    phase       = "restore"
    estimate    = "30s"
    drill       = "run"
  }
  step "restore_configuration" {
    description = "onto the new cluster"
    after       = [step.new_directories, step.verify_backups]
    restore     = datastore.configuration
    from        = backup.configuration
    into        = target.configuration
    phase       = "restore"
    estimate    = "1m"
    drill       = "run"
  }
  step "validate_configuration" {
    description = "see that every variable is there that the application asks for"
    after       = [step.restore_configuration]
    run         = ["./ops/configuration/validate.sh", "--at", target.place, target.configuration]
    checks      = "data"
    phase       = "restore"
    estimate    = "30s"
    drill       = "run"
  }
  step "start_application" {
    description = "start three instances with it"
    after       = [step.serve_certificates, step.validate_configuration, step.newest]
    run         = ["./ops/application/start.sh", "--at", target.place, "--environment", target.configuration]
    undo        = ["docker", "--context", target.place, "stack", "rm", "certificates"]
    needs       = [site.registry]
    phase       = "switch"
    estimate    = "2m"
    drill       = "run"
  }
  step "check_before_dns" {
    description = "sign an invoice that is for nobody, before anybody is sent there"
    after       = [step.start_application]
    run         = ["./ops/certificates/sign-test-invoice.sh", "--at", target.place]
    checks      = "service"
    phase       = "switch"
    estimate    = "1m"
    drill       = "run"
  }
  # No `undo`: what is written from here on is in the new region alone.
  step "point_dns" {
    description = "send everybody there"
    after       = [step.check_before_dns]
    run         = ["./ops/dns/point.sh", target.host, target.place]
    needs       = [site.dns]
    phase       = "switch"
    estimate    = "1m"
    drill       = "run"
  }
  step "propagation" {
    description  = "until everybody sees it: the TTL of 60 seconds, and resolvers that round it up"
    after        = [step.point_dns]
    wait         = "5m"
    phase        = "switch"
    estimate     = "1m"
    estimate_p95 = "5m"
  }
  step "verify_application" {
    description = "see that it works from outside"
    after       = [step.propagation]
    http {
      url = "https://${target.host}/health"
    }
    checks   = "service"
    phase    = "switch"
    estimate = "1m"
  }
  step "protect_again" {
    description = "start a full backup of what came back; it takes up to 40 minutes, and nobody waits for it"
    after       = [step.point_dns]
    run         = ["./ops/database/backup.sh", "--at", target.place, "--type=full", "--in-the-background"]
    phase       = "switch"
    estimate    = "30s"
    downtime    = false
  }
  step "restore_logs" {
    description = "bring the logs back to where they are searched; nobody waits for it"
    after       = [step.new_directories]
    restore     = datastore.application_logs
    from        = backup.application_logs
    phase       = "restore"
    estimate    = "5m"
  }
  step "verify_logs" {
    description = "see that the last minutes before the loss are there"
    after       = [step.restore_logs]
    run         = ["./ops/logs/verify.sh", "--at", target.place]
    checks      = "data"
    phase       = "restore"
    estimate    = "1m"
  }
}
