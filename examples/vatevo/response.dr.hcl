# What is done in each scenario, in one graph: people are told while machines work.

procedure "start_api" {
  description = "starts the API and sees that it works"

  # Without `undo`: what users write from here on is in the new database alone.
  step "scale" {
    description = "start two machines"
    run         = ["fly", "scale", "count", "2", "--app", target.app, "--region", target.region, "--yes"]
    needs       = [site.fly]
    estimate    = "2m"
    phase       = "recovery"
    drill       = "run"
  }
  step "ready" {
    description = "see that it answers"
    after       = [step.scale]
    http {
      url    = "https://${target.api_host}/health/ready"
      expect = self.status == 200
    }
    checks   = "service"
    needs    = [site.fly]
    estimate = "1m"
    phase    = "verification"
  }
  step "database" {
    description = "see that it reaches the database"
    after       = [step.scale]
    http {
      url    = "https://${target.api_host}/health/db"
      expect = self.status == 200
    }
    checks   = "service"
    needs    = [site.fly]
    estimate = "1m"
    phase    = "verification"
  }
  step "smoke" {
    description = "send a test tenant's invoice all the way"
    after       = [step.ready, step.database]
    run         = ["./ops/api/smoke.sh", "-u", "https://${target.api_host}"]
    checks      = "service"
    needs       = [site.fly]
    estimate    = "2m"
    phase       = "verification"
    drill       = "run"
  }
}

# Scenario 1.
procedure "database_corruption" {
  description = "goes back to the second before the corruption"

  step "announce" {
    manual   = "Open an incident on status.vatevo.com: API and dashboard, \"under investigation\""
    why      = "what customers are told is a person's word"
    owner    = contact.communications
    estimate = "5m"
    phase    = "assessment"
    drill    = "skip"
  }
  step "stop" {
    description = "stop the API, so that no more is written on top of what is wrong"
    run         = ["fly", "scale", "count", "0", "--app", target.app, "--yes"]
    undo        = ["fly", "scale", "count", "2", "--app", target.app, "--region", target.region, "--yes"]
    needs       = [site.fly]
    estimate    = "1m"
    phase       = "assessment"
    drill       = "run"
  }
  step "freeze" {
    description = "let nobody write into the old database; it stays for those who look into it"
    after       = [step.stop]
    run = [
      "psql", "--dbname", "host=${target.old_database_host} dbname=vatevo_prod",
      "--command", "ALTER SYSTEM SET default_transaction_read_only = on",
      "--command", "SELECT pg_reload_conf()",
    ]
    undo = [
      "psql", "--dbname", "host=${target.old_database_host} dbname=vatevo_prod",
      "--command", "ALTER SYSTEM RESET default_transaction_read_only",
      "--command", "SELECT pg_reload_conf()",
    ]
    needs    = [site.fly]
    estimate = "1m"
    phase    = "assessment"
  }
  step "scope" {
    after    = [step.stop]
    manual   = "Read the alert and `SELECT * FROM integrity_alerts ORDER BY at`: the first entry is when it began. When that is earlier than the restore below goes to, plan again with `--at`"
    why      = "what is wrong data and what is only unusual, only a person can tell"
    owner    = contact.database_admin
    needs    = [site.fly]
    estimate = "5m"
    phase    = "assessment"
  }
  step "restore" {
    after     = [step.freeze, step.scope]
    procedure = procedure.database
  }
  step "resume" {
    after     = [step.restore]
    procedure = procedure.start_api
  }
  step "reconcile" {
    description = "take into the database the signed invoices that only the archive has"
    after       = [step.resume]
    run         = ["fly", "ssh", "console", "--app", target.app, "--command", "archive reconcile --since 1h"]
    needs       = [site.fly]
    estimate    = "2m"
    phase       = "verification"
  }
  step "protect" {
    after     = [step.resume]
    procedure = procedure.protect_again
  }
  step "resolved" {
    after    = [step.resume, step.reconcile]
    manual   = "Resolve the incident on status.vatevo.com, and mail the tenants in `ops/db/lost_invoices.sql`: what they have to send again"
    why      = "what customers are told is a person's word"
    owner    = contact.communications
    estimate = "5m"
    phase    = "verification"
    drill    = "skip"
    downtime = false
  }
}

# Scenario 2: Paris and Ireland are gone at once. The API's address is the same in every region of Fly.io,
# so no DNS has to change.
procedure "regional_outage" {
  description = "goes on in Frankfurt and London"

  step "announce" {
    manual   = "Open an incident on status.vatevo.com: everything but the web sites, \"identified\""
    why      = "what customers are told is a person's word"
    owner    = contact.communications
    estimate = "5m"
    phase    = "assessment"
    drill    = "skip"
  }
  step "decide" {
    manual   = "Read status.flyio.net and health.aws.amazon.com. Leave unless both say that it is over within 15 minutes"
    why      = "going back costs a second interruption: the commander decides"
    owner    = contact.incident_commander
    estimate = "5m"
    phase    = "assessment"
  }
  step "fence_api" {
    description = "take the API's machines in Paris away, should any be half alive"
    after       = [step.decide]
    run         = ["fly", "scale", "count", "0", "--app", target.app, "--region", target.lost_region, "--yes"]
    undo        = ["fly", "scale", "count", "2", "--app", target.app, "--region", target.lost_region, "--yes"]
    needs       = [site.fly]
    estimate    = "1m"
    phase       = "assessment"
    drill       = "run"
  }
  step "fence_database" {
    description = "take the database's machine in Paris away; its volume stays"
    after       = [step.decide]
    run = [
      "fly", "scale", "count", "0", "--app", target.database_app, "--region", target.lost_region, "--yes",
    ]
    undo = [
      "fly", "scale", "count", "1", "--app", target.database_app, "--region", target.lost_region, "--yes",
    ]
    needs    = [site.fly]
    estimate = "1m"
    phase    = "assessment"
    drill    = "run"
  }
  step "archive" {
    after     = [step.fence_api]
    procedure = procedure.archive
  }
  step "restore" {
    after     = [step.fence_api, step.fence_database]
    procedure = procedure.database
  }
  step "resume" {
    after     = [step.restore, step.archive]
    procedure = procedure.start_api
  }
  step "reconcile" {
    description = "take into the database the signed invoices that only the archive has"
    after       = [step.resume]
    run         = ["fly", "ssh", "console", "--app", target.app, "--command", "archive reconcile --since 1h"]
    needs       = [site.fly]
    estimate    = "2m"
    phase       = "verification"
  }
  step "protect" {
    after     = [step.resume]
    procedure = procedure.protect_again
  }
  step "third_region" {
    after    = [step.resume]
    manual   = "Open the change `third-region`, which lets London's two buckets replicate to eu-central-1, and have it reviewed and applied today: until then London has the only copy"
    why      = "it locks a bucket for ten years, which a person has to accept"
    owner    = contact.technical_lead
    estimate = "5m"
    phase    = "verification"
    drill    = "skip"
    downtime = false
  }
  step "resolved" {
    after    = [step.resume, step.reconcile]
    manual   = "Resolve the incident on status.vatevo.com, and mail all tenants: the last two minutes before it may have to be sent again"
    why      = "what customers are told is a person's word"
    owner    = contact.communications
    estimate = "5m"
    phase    = "verification"
    drill    = "skip"
    downtime = false
  }
}

# The invoices of the other region, which are the same objects.
procedure "archive" {
  description = "goes on with the invoices in London"

  step "look" {
    description = "see that the copy answers and holds invoices"
    s3 {
      bucket = aws_s3_bucket.invoices_dr
      prefix = "invoices/"
    }
    checks   = "backup"
    estimate = "1m"
    phase    = "recovery"
  }
  step "use" {
    description = "let the API read and write there"
    after       = [step.look]
    restore     = datastore.invoices
    from        = backup.archive
    undo = [
      "fly", "secrets", "set", "--app", target.app, "INVOICES_BUCKET=vatevo-invoices-prod",
      "INVOICES_REGION=eu-west-1",
    ]
    needs    = [site.fly]
    estimate = "1m"
    phase    = "recovery"
  }
  step "read" {
    description = "read the newest of them"
    after       = [step.use]
    run         = ["./ops/archive/read-newest.sh", "vatevo-invoices-prod-eu-west-2"]
    checks      = "data"
    estimate    = "1m"
    phase       = "recovery"
  }
}

# Scenario 3.
procedure "data_center_failure" {
  description = "goes on in Frankfurt"

  step "announce" {
    manual   = "Open an incident on status.vatevo.com: API and dashboard, \"identified\""
    why      = "what customers are told is a person's word"
    owner    = contact.communications
    estimate = "5m"
    phase    = "assessment"
    drill    = "skip"
  }
  step "decide" {
    manual   = "Read status.flyio.net. Leave unless it says that it is over within 15 minutes"
    why      = "going back costs a second interruption: the commander decides"
    owner    = contact.incident_commander
    estimate = "5m"
    phase    = "assessment"
  }
  step "fence_api" {
    description = "take the API's machines in Paris away, should any be half alive"
    after       = [step.decide]
    run         = ["fly", "scale", "count", "0", "--app", target.app, "--region", target.lost_region, "--yes"]
    undo        = ["fly", "scale", "count", "2", "--app", target.app, "--region", target.lost_region, "--yes"]
    needs       = [site.fly]
    estimate    = "1m"
    phase       = "assessment"
    drill       = "run"
  }
  step "fence_database" {
    description = "take the database's machine in Paris away; its volume stays"
    after       = [step.decide]
    run = [
      "fly", "scale", "count", "0", "--app", target.database_app, "--region", target.lost_region, "--yes",
    ]
    undo = [
      "fly", "scale", "count", "1", "--app", target.database_app, "--region", target.lost_region, "--yes",
    ]
    needs    = [site.fly]
    estimate = "1m"
    phase    = "assessment"
    drill    = "run"
  }
  step "restore" {
    after     = [step.fence_api, step.fence_database]
    procedure = procedure.database
  }
  step "resume" {
    after     = [step.restore]
    procedure = procedure.start_api
  }
  step "reconcile" {
    description = "take into the database the signed invoices that only the archive has"
    after       = [step.resume]
    run         = ["fly", "ssh", "console", "--app", target.app, "--command", "archive reconcile --since 1h"]
    needs       = [site.fly]
    estimate    = "2m"
    phase       = "verification"
  }
  step "protect" {
    after     = [step.resume]
    procedure = procedure.protect_again
  }
  step "resolved" {
    after    = [step.resume, step.reconcile]
    manual   = "Resolve the incident on status.vatevo.com, and mail all tenants: the last two minutes before it may have to be sent again"
    why      = "what customers are told is a person's word"
    owner    = contact.communications
    estimate = "5m"
    phase    = "verification"
    drill    = "skip"
    downtime = false
  }
}

# Scenario 4.
procedure "security_incident" {
  description = "shuts the intruder out and goes back to the second before"

  step "isolate" {
    description = "stop the API: the intruder's way in and out"
    run         = ["fly", "scale", "count", "0", "--app", target.app, "--yes"]
    undo        = ["fly", "scale", "count", "2", "--app", target.app, "--region", target.region, "--yes"]
    needs       = [site.fly]
    estimate    = "1m"
    phase       = "assessment"
    drill       = "run"
  }
  step "revoke" {
    description = "make every token and key worthless, and put new ones into the platform's secrets"
    after       = [step.isolate]
    run         = ["./ops/security/rotate-all.sh", "--app", target.app, "--app", target.database_app]
    needs       = [site.fly]
    estimate    = "3m"
    phase       = "assessment"
  }
  step "evidence" {
    description = "keep the old machine as it is for those who investigate: nobody reaches it any more"
    after       = [step.isolate]
    run         = ["./ops/security/cut-off.sh", "--app", target.database_app, "--region", target.region]
    needs       = [site.fly]
    estimate    = "1m"
    phase       = "assessment"
    drill       = "run"
  }
  step "scope" {
    after    = [step.isolate]
    manual   = "Read the alert and the audit log in `vatevo-audit`: the first entry of the intruder is when it began. When that is earlier than the restore below goes to, plan again with `--at`"
    why      = "what an intruder did and what a user did, only a person can tell"
    owner    = contact.technical_lead
    estimate = "5m"
    phase    = "assessment"
  }
  step "announce" {
    after    = [step.isolate]
    manual   = "Open an incident on status.vatevo.com: \"under investigation\"; call counsel, who has 72 hours to report a breach of personal data"
    why      = "what customers and authorities are told is a person's word"
    owner    = contact.communications
    estimate = "5m"
    phase    = "assessment"
    drill    = "skip"
  }
  step "restore" {
    after     = [step.revoke, step.evidence, step.scope]
    procedure = procedure.database
  }
  step "rebuild" {
    description = "build the API anew from the last signed commit, in case its image was touched"
    after       = [step.revoke, step.scope]
    run         = ["./ops/api/rebuild.sh", "--app", target.app, "--no-cache", "--only-signed"]
    needs       = [site.fly, site.github]
    estimate    = "5m"
    phase       = "recovery"
    drill       = "run"
  }
  step "roles" {
    description = "give the database the new passwords: what came back has the old ones"
    after       = [step.restore]
    run         = ["./ops/security/rotate-roles.sh", "--host", target.database_host]
    needs       = [site.fly]
    estimate    = "1m"
    phase       = "recovery"
  }
  step "resume" {
    after     = [step.roles, step.rebuild]
    procedure = procedure.start_api
  }
  step "reconcile" {
    description = "take into the database the signed invoices that only the archive has"
    after       = [step.resume]
    run         = ["fly", "ssh", "console", "--app", target.app, "--command", "archive reconcile --since 1h"]
    needs       = [site.fly]
    estimate    = "2m"
    phase       = "verification"
  }
  step "protect" {
    after     = [step.resume]
    procedure = procedure.protect_again
  }
  step "resolved" {
    after    = [step.resume, step.reconcile]
    manual   = "Resolve the incident on status.vatevo.com, and mail the tenants in `ops/db/lost_invoices.sql`: what they have to send again, and what was seen by strangers"
    why      = "what customers are told is a person's word"
    owner    = contact.communications
    estimate = "5m"
    phase    = "verification"
    drill    = "skip"
    downtime = false
  }
}

# §Partial Service Recovery.
procedure "restart_api" {
  description = "starts the API anew"

  step "status" {
    description = "see which machines are not well"
    run         = ["fly", "status", "--app", target.app]
    needs       = [site.fly]
    estimate    = "1m"
    drill       = "run"
  }
  step "restart" {
    description = "restart them"
    after       = [step.status]
    run         = ["fly", "apps", "restart", target.app]
    needs       = [site.fly]
    estimate    = "2m"
    drill       = "run"
  }
  step "more" {
    description = "start more"
    after       = [step.restart]
    when        = "they are well and too few"
    run         = ["fly", "scale", "count", "4", "--app", target.app, "--region", target.region, "--yes"]
    undo        = ["fly", "scale", "count", "2", "--app", target.app, "--region", target.region, "--yes"]
    needs       = [site.fly]
    estimate    = "2m"
    drill       = "run"
  }
  step "ready" {
    description = "see that it answers"
    after       = [step.restart, step.more]
    http {
      url    = "https://${target.api_host}/health/ready"
      expect = self.status == 200
    }
    checks   = "service"
    needs    = [site.fly]
    estimate = "1m"
  }
}

# §Object Recovery. What an object was before it was overwritten or deleted is there for ten years.
procedure "object_recovery" {
  description = "makes an earlier version of an invoice the current one"

  step "versions" {
    description = "list the versions of the invoice"
    run = [
      "aws", "s3api", "list-object-versions", "--bucket", target.bucket, "--prefix", input.key,
    ]
    input "key" {
      description = "the key of the invoice, from the user's message: invoices/ID/TIME.xml"
    }
    estimate = "1m"
    drill    = "run"
  }
  step "choose" {
    after  = [step.versions]
    manual = "Choose the version: the last one from before the user saw it wrong"
    why    = "only the user knows since when it is wrong"
    owner  = contact.on_call
    input "version" {
      description = "the VersionId of the one that was right"
    }
    estimate = "10m"
  }
  step "copy" {
    description = "copy it over the key: it becomes the current one, and none is lost"
    after       = [step.choose]
    run = [
      "aws", "s3api", "copy-object", "--bucket", target.bucket, "--key", input.key,
      "--copy-source", "${target.bucket}/${input.key}?versionId=${input.version}",
    ]
    estimate = "1m"
    drill    = "run"
  }
  step "signature" {
    description = "see that its signature is right"
    after       = [step.copy]
    run         = ["./ops/archive/check-signature.sh", target.bucket, input.key]
    checks      = "data"
    estimate    = "1m"
    drill       = "run"
  }
}

# The web sites have no data: they come from Git.
procedure "web" {
  description = "serves the web sites from Fly.io in place of Vercel"

  step "announce" {
    manual   = "Open an incident on status.vatevo.com: dashboard and web site"
    why      = "what customers are told is a person's word"
    owner    = contact.communications
    estimate = "5m"
    drill    = "skip"
  }
  step "clone" {
    description = "get what is released"
    run         = ["git", "clone", "--branch", "released", "git@github.com:vatevo/web.git", "web-${run.id}"]
    undo        = ["rm", "-r", "web-${run.id}"]
    needs       = [site.github]
    estimate    = "1m"
    drill       = "run"
  }
  step "deploy" {
    description = "build and start all three sites"
    after       = [step.clone]
    run         = ["fly", "deploy", "web-${run.id}", "--app", target.web_app]
    undo        = ["fly", "scale", "count", "0", "--app", target.web_app, "--yes"]
    needs       = [site.fly]
    estimate    = "10m"
    drill       = "run"
  }
  step "look" {
    description = "see that they answer there, before anybody is sent there"
    after       = [step.deploy]
    http {
      url    = "https://${target.web_app}.fly.dev/dashboard"
      expect = self.status == 200
    }
    checks   = "service"
    needs    = [site.fly]
    estimate = "1m"
  }
  step "point_dns" {
    description = "point vatevo.com, dashboard.vatevo.com and docs.vatevo.com there"
    after       = [step.look]
    run = [
      "aws", "route53", "change-resource-record-sets", "--hosted-zone-id", "Z0VATEVO000000000000",
      "--change-batch", "file://ops/dns/web-at-fly.json",
    ]
    undo = [
      "aws", "route53", "change-resource-record-sets", "--hosted-zone-id", "Z0VATEVO000000000000",
      "--change-batch", "file://ops/dns/web-at-vercel.json",
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
  step "dashboard" {
    description = "see that the dashboard answers"
    after       = [step.propagation]
    http {
      url    = "https://dashboard.vatevo.com"
      expect = self.status == 200
    }
    checks   = "service"
    estimate = "1m"
  }
  step "marketing_site" {
    description = "see that the marketing site answers"
    after       = [step.propagation]
    http {
      url    = "https://vatevo.com"
      expect = self.status == 200
    }
    checks   = "service"
    estimate = "1m"
  }
  step "documentation" {
    description = "see that the documentation answers"
    after       = [step.propagation]
    http {
      url    = "https://docs.vatevo.com"
      expect = self.status == 200
    }
    checks   = "service"
    estimate = "1m"
  }
}
