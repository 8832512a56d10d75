# The ways back. A restore goes into a new database, is verified, and only then used: what was there stays as
# it is. The estimates are those of the last drill. Commands are run in a checkout of the application's
# repository, which has `ops/` and is linked to the project at Railway.

procedure "assess" {
  description = "See whether it is the application, the database or Railway, and say so."

  step "look" {
    description  = "ask the application, the database and Railway; if it is another scenario, follow that"
    run          = ["./ops/look.sh"]
    phase        = "assessment"
    estimate     = "3m"
    estimate_p95 = "5m"
  }

  step "announce" {
    description = "tell those who are affected; again every 30 minutes"
    run         = ["./ops/announce.sh", "investigating", run.id]
    undo        = ["./ops/announce.sh", "correction", run.id]
    phase       = "assessment"
    needs       = [site.status_page]
    estimate    = "1m"
  }
}

procedure "database" {
  description = "Bring the database back from the newest dump, on the spare server."

  step "maintenance" {
    description = "let the application answer 503 and write nothing"
    run = [
      "railway", "variables", "--environment", target.environment, "--service", "application", "--set",
      "MAINTENANCE=1",
    ]
    undo = [
      "railway", "variables", "--environment", target.environment, "--service", "application", "--set",
      "MAINTENANCE=0",
    ]
    phase        = "containment"
    needs        = [site.railway]
    estimate     = "1m"
    estimate_p95 = "2m"
    drill        = "run"
  }

  step "fence" {
    description = "close what is left of the old database: no role but the administrator's can connect"
    after       = [step.maintenance]
    when        = "the old server still answers"
    run         = ["./ops/fence-database.sh", target.old_server, target.old_database]
    undo        = ["./ops/fence-database.sh", target.old_server, target.old_database, "--open"]
    phase       = "containment"
    needs       = [site.railway]
    estimate    = "1m"
    drill       = "run"
  }

  step "save_logs" {
    description = "keep the logs and what can still be dumped of the old database, beside the restore"
    after       = [step.fence]
    run         = ["./ops/save-evidence.sh", run.id]
    phase       = "recovery"
    needs       = [site.railway]
    estimate    = "15m"
  }

  step "restore" {
    after     = [step.fence]
    procedure = procedure.restore
    phase     = "recovery"
  }

  step "switch" {
    description = "lead the application to it; the variables deploy it anew"
    after       = [step.restore]
    run = [
      "railway", "variables", "--environment", target.environment, "--service", "application", "--set",
      "DATABASE_SERVER=${target.server}", "--set", "DATABASE_NAME=${target.database}",
    ]
    undo = [
      "railway", "variables", "--environment", target.environment, "--service", "application", "--set",
      "DATABASE_SERVER=${target.old_server}", "--set", "DATABASE_NAME=${target.old_database}",
    ]
    phase        = "recovery"
    needs        = [site.railway]
    estimate     = "1m"
    estimate_p95 = "2m"
    drill        = "run"
  }
}

procedure "restore" {
  description = "Restore a dump into a new database, and see that it is right."

  step "choose" {
    description = "find the dump"
    run         = ["aws", "s3", "ls", "s3://inventory-dumps/hourly/"]
    input "dump" {
      description = "the newest file of the list that is from before the trouble"
    }
    estimate = "2m"
    drill    = "run"
  }

  step "fetch" {
    description  = "bring it here as recovery.dump, compare its checksum, and read all of it"
    after        = [step.choose]
    run          = ["./ops/fetch-dump.sh", input.dump, "recovery.dump"]
    checks       = "backup"
    estimate     = "3m"
    estimate_p95 = "4m"
    drill        = "run"
  }

  step "create" {
    description = "create the new database, and let the service `recovery` of ~/.pg_service.conf lead to it"
    run         = ["./ops/create-database.sh", target.server, target.database]
    undo        = ["./ops/drop-database.sh", target.server, target.database]
    estimate    = "1m"
    drill       = "run"
  }

  step "restore" {
    description  = "restore it there; the old database stays as it is"
    after        = [step.fetch, step.create]
    restore      = datastore.database
    from         = backup.hourly
    into         = target.database
    estimate     = "15m"
    estimate_p95 = "24m"
    drill        = "run"
  }

  step "counts" {
    description = "see that no table is smaller than in the nightly restore, and that its last hour is there"
    after       = [step.restore]
    sql {
      database = "service=recovery dbname=${target.database}"
      file     = "./ops/counts.sql"
    }
    checks   = "data"
    estimate = "2m"
  }

  step "newest" {
    description = "read the canary: how much was lost"
    after       = [step.restore]
    sql {
      database = "service=recovery dbname=${target.database}"
      query    = "SELECT max(at) AS drctl_canary FROM drctl_canary"
    }
    checks   = "data"
    estimate = "1m"
  }

  step "balances" {
    description = "see that all balances are the sums of their movements, and that no row has left its tenant"
    after       = [step.restore]
    sql {
      database = "service=recovery dbname=${target.database}"
      query    = "SELECT count(*) AS n FROM audit.violations"
      assert   = self.rows[0].n == 0
    }
    checks       = "data"
    estimate     = "2m"
    estimate_p95 = "3m"
  }
}

procedure "open" {
  description = "See that it works, and let the users in."

  step "smoke" {
    description  = "sign in, ask for stock, look for another tenant's, and compare a balance"
    run          = ["./ops/smoke.sh", "--host", target.host, "--through-maintenance"]
    checks       = "service"
    phase        = "validation"
    needs        = [site.railway]
    estimate     = "3m"
    estimate_p95 = "5m"
    drill        = "run"
  }

  # No `undo`: what users write from here on is in the new database alone.
  step "open" {
    description = "take the application out of maintenance"
    after       = [step.smoke]
    run = [
      "railway", "variables", "--environment", target.environment, "--service", "application", "--set",
      "MAINTENANCE=0",
    ]
    phase        = "validation"
    needs        = [site.railway]
    estimate     = "1m"
    estimate_p95 = "2m"
    drill        = "run"
  }

  step "health" {
    after = [step.open]
    http {
      url = "https://${target.host}/health"
    }
    checks   = "service"
    phase    = "validation"
    estimate = "1m"
  }

  step "announce" {
    description = "say that it is back, and what was lost"
    after       = [step.health]
    run         = ["./ops/announce.sh", "resolved", run.id]
    phase       = "validation"
    needs       = [site.status_page]
    estimate    = "1m"
  }
}

procedure "application" {
  description = "Go back to the deployment that worked."

  step "look" {
    description  = "see that it is the application and not the database or Railway"
    run          = ["./ops/look.sh", "--environment", target.environment]
    phase        = "assessment"
    estimate     = "1m"
    estimate_p95 = "2m"
    drill        = "run"
  }

  step "save_logs" {
    description = "keep the logs and variables of the deployment that fails"
    after       = [step.look]
    run         = ["./ops/save-evidence.sh", run.id, "--environment", target.environment, "--logs"]
    phase       = "recovery"
    needs       = [site.railway]
    estimate    = "1m"
    drill       = "run"
  }

  step "rollback" {
    description  = "roll back to the deployment before: its image and its variables"
    after        = [step.save_logs]
    run          = ["./ops/rollback.sh", "--environment", target.environment, "application"]
    phase        = "recovery"
    needs        = [site.railway]
    estimate     = "2m"
    estimate_p95 = "4m"
    drill        = "run"
  }

  step "deploy_known_good" {
    description = "deploy the last image that passed the smoke tests"
    instead_of  = step.rollback
    when        = "Railway does not keep that deployment any more, or it fails as well"
    run = [
      "./ops/deploy.sh", "--environment", target.environment, "application", "ghcr.io/example/inventory:known-good",
    ]
    phase        = "recovery"
    needs        = [site.railway, site.registry]
    estimate     = "3m"
    estimate_p95 = "5m"
    drill        = "run"
  }

  step "health" {
    after = [step.rollback]
    http {
      url = "https://${target.host}/health"
    }
    checks   = "service"
    phase    = "validation"
    estimate = "1m"
  }

  step "smoke" {
    description  = "sign in, ask for stock, look for another tenant's, and compare a balance"
    after        = [step.health]
    run          = ["./ops/smoke.sh", "--host", target.host]
    checks       = "service"
    phase        = "validation"
    estimate     = "2m"
    estimate_p95 = "3m"
    drill        = "run"
  }
}

procedure "corruption" {
  description = "Bring the database back to before its data went wrong."

  step "maintenance" {
    description = "let the application answer 503 and write nothing"
    run = [
      "railway", "variables", "--environment", target.environment, "--service", "application", "--set",
      "MAINTENANCE=1",
    ]
    undo = [
      "railway", "variables", "--environment", target.environment, "--service", "application", "--set",
      "MAINTENANCE=0",
    ]
    phase        = "containment"
    needs        = [site.railway]
    estimate     = "1m"
    estimate_p95 = "2m"
    drill        = "run"
  }

  step "fence" {
    description = "close the database: no role but the administrator's can connect"
    after       = [step.maintenance]
    run         = ["./ops/fence-database.sh", target.old_server, target.old_database]
    undo        = ["./ops/fence-database.sh", target.old_server, target.old_database, "--open"]
    phase       = "containment"
    needs       = [site.railway]
    estimate    = "1m"
    drill       = "run"
  }

  step "evidence" {
    description = "dump it as it is, with the logs: what was written since is looked for in it"
    after       = [step.fence]
    run         = ["./ops/save-evidence.sh", run.id]
    phase       = "containment"
    needs       = [site.railway]
    estimate    = "15m"
  }

  step "scope" {
    description = "list the rows that are wrong, by the time of their last change"
    after       = [step.fence]
    sql {
      database = "service=${target.old_server} dbname=${target.old_database}"
      file     = "./ops/scope.sql"
    }
    phase        = "containment"
    needs        = [site.railway]
    estimate     = "3m"
    estimate_p95 = "5m"
  }

  step "since" {
    after  = [step.scope]
    manual = "Decide since when data is wrong: the time of the first wrong row, or of the deployment that wrote it"
    why    = "what is wrong by intention and what by mistake, no query can tell"
    owner  = contact.database_admin
    input "since" {
      description = "that time, in UTC: the dump that is chosen next must be older"
    }
    phase        = "containment"
    estimate     = "10m"
    estimate_p95 = "15m"
  }

  step "restore" {
    after     = [step.since]
    procedure = procedure.restore
    phase     = "recovery"
  }

  step "switch" {
    description = "lead the application to it; the variables deploy it anew"
    after       = [step.restore, step.evidence]
    run = [
      "railway", "variables", "--environment", target.environment, "--service", "application", "--set",
      "DATABASE_SERVER=${target.server}", "--set", "DATABASE_NAME=${target.database}",
    ]
    undo = [
      "railway", "variables", "--environment", target.environment, "--service", "application", "--set",
      "DATABASE_SERVER=${target.old_server}", "--set", "DATABASE_NAME=${target.old_database}",
    ]
    phase        = "recovery"
    needs        = [site.railway]
    estimate     = "1m"
    estimate_p95 = "2m"
    drill        = "run"
  }
}

# Nothing of it needs Railway.
procedure "failover" {
  description = "Bring everything up on the standby."

  step "look" {
    description = "ask the application from two networks, and Railway's status page"
    run         = ["./ops/look.sh", "--outside"]
    phase       = "assessment"
    estimate    = "2m"
  }

  step "announce" {
    description = "tell those who are affected; again every 30 minutes"
    run         = ["./ops/announce.sh", "investigating", run.id]
    undo        = ["./ops/announce.sh", "correction", run.id]
    phase       = "assessment"
    needs       = [site.status_page]
    estimate    = "1m"
  }

  step "decide" {
    after        = [step.look]
    manual       = "If status.railway.com promises an end within 20 minutes, wait so long; then, or else, go on"
    why          = "what was written since the last dump has to be entered again: that is weighed, not computed"
    owner        = contact.on_call_engineer
    phase        = "assessment"
    estimate     = "5m"
    estimate_p95 = "20m"
  }

  step "restore" {
    after     = [step.look]
    procedure = procedure.restore
    phase     = "recovery"
  }

  step "pull" {
    description = "get the image that passed the smoke tests last"
    after       = [step.look]
    run         = ["ssh", target.host, "docker", "pull", "ghcr.io/example/inventory:known-good"]
    phase       = "recovery"
    needs       = [site.standby, site.registry]
    estimate    = "2m"
    drill       = "run"
  }

  step "start" {
    description = "start the application on the standby"
    after       = [step.decide, step.restore, step.pull]
    run         = ["ssh", target.host, "inventory-up", target.database]
    undo        = ["ssh", target.host, "inventory-down"]
    phase       = "recovery"
    needs       = [site.standby]
    estimate    = "2m"
    drill       = "run"
  }

  step "keep_out" {
    description = "put the application at Railway into maintenance as soon as Railway answers again"
    after       = [step.decide]
    run         = ["ssh", target.host, "inventory-keep-railway-out", "--start"]
    undo        = ["ssh", target.host, "inventory-keep-railway-out", "--stop"]
    phase       = "recovery"
    needs       = [site.standby]
    estimate    = "1m"
  }

  step "protect" {
    description = "let the standby make the hourly dumps"
    after       = [step.start]
    run         = ["ssh", target.host, "systemctl", "enable", "--now", "inventory-dump.timer"]
    undo        = ["ssh", target.host, "systemctl", "disable", "--now", "inventory-dump.timer"]
    phase       = "recovery"
    needs       = [site.standby]
    estimate    = "1m"
  }

  step "smoke" {
    description  = "sign in, ask for stock, look for another tenant's, and compare a balance, before users come"
    after        = [step.start]
    run          = ["./ops/smoke.sh", "--host", target.host]
    checks       = "service"
    phase        = "validation"
    needs        = [site.standby]
    estimate     = "3m"
    estimate_p95 = "5m"
    drill        = "run"
  }

  # No `undo`: what users write from here on is on the standby alone.
  step "point_dns" {
    description = "point inventory.example to the standby"
    after       = [step.smoke, step.keep_out, step.protect]
    run = [
      "aws", "route53", "change-resource-record-sets", "--hosted-zone-id", "Z0INVENTORY000000000",
      "--change-batch", "file://ops/dns/to-standby.json",
    ]
    phase    = "validation"
    needs    = [site.dns]
    estimate = "1m"
  }

  step "propagation" {
    description  = "until everybody sees it: the TTL of 60 seconds, and resolvers that round it up"
    after        = [step.point_dns]
    wait         = "5m"
    phase        = "validation"
    estimate     = "1m"
    estimate_p95 = "5m"
  }

  step "health" {
    after = [step.propagation]
    http {
      url = "https://inventory.example/health"
    }
    checks   = "service"
    phase    = "validation"
    estimate = "1m"
  }

  step "announce_back" {
    description = "say that it is back, and what was lost"
    after       = [step.health]
    run         = ["./ops/announce.sh", "resolved", run.id]
    phase       = "validation"
    needs       = [site.status_page]
    estimate    = "1m"
  }
}

# The users are back; no scenario counts this as downtime.
procedure "afterwards" {
  description = "After each of them, within 48 hours."

  step "watch" {
    description = "compare response times and errors with those of the week before, for two hours"
    run         = ["./ops/watch.sh", "2h"]
    checks      = "service"
    estimate    = "2h"
  }

  step "reconcile" {
    manual   = "Enter again what was written after the dump, from the evidence, and tell each tenant"
    why      = "tenants have sold and counted since, and only they know which of two numbers holds"
    owner    = contact.database_admin
    estimate = "8h"
  }

  step "fail_back" {
    after    = [step.reconcile]
    when     = "the standby is in use"
    manual   = "Choose a quiet hour and do the steps of the failover the other way round"
    why      = "nobody waits for it, so a person chooses the hour"
    owner    = contact.devops_lead
    estimate = "2h"
  }
}
