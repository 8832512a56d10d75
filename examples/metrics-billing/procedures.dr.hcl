# The ways back, step by step. A database is restored under a new name, verified, and only then used; the old
# one stays as it is. The estimates are those of the last rehearsal, to be replaced by measured ones.
#
# The workers take RDS_HOST from a secret, which stays when they are deployed.

procedure "access" {
  description = "gets the password of the database"

  step "password" {
    manual   = "Before anything else, in the shell in which the rest is done: export PGPASSWORD=\"$(op read op://operations/metrics-billing-recovery/password)\""
    why      = "a secret stands in no plan and no script"
    owner    = contact.on_call
    needs    = [site.vault]
    estimate = "2m"
  }
}

# What was released last and worked: the build moves the tag `released` when its tests have passed. What is on
# the main branch may be what broke everything.
procedure "checkout" {
  description = "gets the release and its tools"

  step "clone" {
    description = "get what was released last and worked"
    run = [
      "git", "clone", "--depth=1", "--branch=released", target.repository,
      "metrics-billing-${run.id}",
    ]
    needs    = [site.github]
    estimate = "1m"
    drill    = "run"
  }
  step "install" {
    description = "install its packages"
    after       = [step.clone]
    run         = ["npm", "ci"]
    dir         = "metrics-billing-${run.id}"
    estimate    = "3m"
    drill       = "run"
  }
}

# Nothing is written until the database is right. The API still takes events: they are archived, and wait.
procedure "freeze" {
  description = "stops everything that writes to the database"

  step "pause_queue" {
    description = "hold the messages back: what comes in meanwhile waits in the queue"
    run         = ["wrangler", "queues", "pause-delivery", target.events]
    undo        = ["wrangler", "queues", "resume-delivery", target.events]
    needs       = [site.cloudflare]
    estimate    = "1m"
  }
  step "pause_writes" {
    description = "let the API and the cron jobs only read"
    run = [
      "wrangler", "kv", "key", "put", "writes", "paused", "--binding", "FLAGS", "--env", target.environment, "--remote",
    ]
    undo = [
      "wrangler", "kv", "key", "put", "writes", "allowed", "--binding", "FLAGS", "--env", target.environment, "--remote",
    ]
    dir      = "metrics-billing-${run.id}"
    needs    = [site.cloudflare]
    estimate = "1m"
  }
  step "everywhere" {
    description  = "until every location of Cloudflare has seen it"
    after        = [step.pause_queue, step.pause_writes]
    wait         = "2m"
    estimate     = "1m"
    estimate_p95 = "2m"
  }
}

# Restores beside what is there and verifies. Nothing uses it yet.
procedure "database" {
  description = "brings the database back under a new name"

  step "restore" {
    restore      = datastore.database
    into         = target.instance
    estimate     = "40m"
    estimate_p95 = "1h30m"
  }
  step "network" {
    description = "let the tunnel of the workers reach it"
    after       = [step.restore]
    run = [
      "aws", "rds", "modify-db-instance", "--db-instance-identifier", target.instance,
      "--vpc-security-group-ids", target.security_group, "--apply-immediately", "--region", target.region,
    ]
    undo = [
      "aws", "rds", "modify-db-instance", "--db-instance-identifier", target.instance,
      "--vpc-security-group-ids", target.closed_group, "--apply-immediately", "--region", target.region,
    ]
    estimate     = "2m"
    estimate_p95 = "5m"
    drill        = "run"
  }
  step "tables" {
    description = "see that none of the critical tables is empty: the view counts their rows"
    after       = [step.network]
    sql {
      database = "host=${target.host} dbname=billing user=recovery sslmode=verify-full"
      query    = "SELECT min(n) AS fewest FROM dr_critical_tables"
      assert   = self.rows[0].fewest > 0
    }
    env          = ["PGPASSWORD"]
    checks       = "data"
    estimate     = "3m"
    estimate_p95 = "10m"
  }
  step "newest" {
    description = "read the canary: how much was lost"
    after       = [step.network]
    sql {
      database = "host=${target.host} dbname=billing user=recovery sslmode=verify-full"
      query    = "SELECT max(at) AS drctl_canary FROM drctl_canary"
    }
    env      = ["PGPASSWORD"]
    checks   = "data"
    estimate = "1m"
  }
  step "reconciliation" {
    description  = "see that invoices and payments agree with usage, writing nothing"
    after        = [step.tables]
    run          = ["npm", "run", "dr:reconcile", "--", "--host", target.host, "--dry-run"]
    dir          = "metrics-billing-${run.id}"
    env          = ["PGPASSWORD"]
    checks       = "data"
    estimate     = "5m"
    estimate_p95 = "10m"
    drill        = "run"
  }
}

# From a verified database to a working platform.
procedure "reopen" {
  description = "points the workers at the restored database and lets them write"

  step "switch" {
    description = "set RDS_HOST; the workers take it with the next request, without being deployed"
    shell       = "printf %s ${target.host} | wrangler secret put RDS_HOST --env ${target.environment}"
    undo        = ["sh", "-c", "printf %s ${target.before} | wrangler secret put RDS_HOST --env ${target.environment}"]
    dir         = "metrics-billing-${run.id}"
    needs       = [site.cloudflare]
    estimate    = "2m"
  }
  step "read_through" {
    description = "read through the workers from the restored database, before anything is written"
    after       = [step.switch]
    http {
      url    = "https://${target.api}/health/database"
      expect = strcontains(self.body, target.instance)
    }
    checks   = "service"
    estimate = "1m"
  }
  step "copy_backups" {
    description = "keep its automated backups in another region, too"
    after       = [step.read_through]
    run = [
      "aws", "rds", "start-db-instance-automated-backups-replication", "--source-db-instance-arn", target.arn,
      "--backup-retention-period", "14", "--region", target.copy_region,
    ]
    undo = [
      "aws", "rds", "stop-db-instance-automated-backups-replication", "--source-db-instance-arn", target.arn,
      "--region", target.copy_region,
    ]
    estimate = "2m"
    downtime = false
  }
  step "allow_writes" {
    description = "let the API and the cron jobs write"
    after       = [step.read_through]
    run = [
      "wrangler", "kv", "key", "put", "writes", "allowed", "--binding", "FLAGS", "--env", target.environment, "--remote",
    ]
    dir      = "metrics-billing-${run.id}"
    needs    = [site.cloudflare]
    estimate = "1m"
  }
  step "replay" {
    description = "replay the archived events that the database does not hold; one that it holds is left out"
    after       = [step.allow_writes]
    run = [
      "npm", "run", "dr:replay", "--", "--events", target.events, "--host", target.host, "--missing",
      "--skip-kinds", "ops/replay-skip.txt",
    ]
    dir          = "metrics-billing-${run.id}"
    env          = ["PGPASSWORD"]
    estimate     = "10m"
    estimate_p95 = "20m"
  }
  step "resume_queue" {
    description = "process what waits in the queue"
    after       = [step.replay]
    run         = ["wrangler", "queues", "resume-delivery", target.events]
    undo        = ["wrangler", "queues", "pause-delivery", target.events]
    needs       = [site.cloudflare]
    estimate    = "1m"
  }
  step "reconcile" {
    description  = "reconcile, and see that nothing differs"
    after        = [step.resume_queue]
    run          = ["npm", "run", "dr:reconcile", "--", "--host", target.host]
    dir          = "metrics-billing-${run.id}"
    env          = ["PGPASSWORD"]
    checks       = "data"
    estimate     = "5m"
    estimate_p95 = "10m"
  }
  step "health" {
    description = "see that the platform answers"
    after       = [step.reconcile]
    http {
      url = "https://${target.api}/health"
    }
    checks   = "service"
    estimate = "1m"
  }
  step "tell_customers" {
    after    = [step.health]
    manual   = "Send the mail \"service restored\" to the customers whose invoices the reconciliation has changed"
    why      = "what is said about money is decided by a person"
    owner    = contact.support_lead
    estimate = "15m"
    downtime = false
  }
  step "declare" {
    after        = [step.copy_backups]
    manual       = "Write ${target.instance} into main.dr.hcl in the place of the old one, have it reviewed, and run `drctl apply`. Stop the old one as soon as it can be reached: nothing may write to it any more"
    why          = "the configuration changes by review alone"
    owner        = contact.database_owner
    estimate     = "15m"
    estimate_p95 = "30m"
    downtime     = false
  }
}

# Everything at once. The workers are deployed while the database is restored.
procedure "platform" {
  description = "brings everything back"

  step "queue" {
    description = "make the queues that are not there"
    shell       = "for q in ${target.events} ${target.dead_letters}; do wrangler queues info $q || wrangler queues create $q; done"
    needs       = [site.cloudflare]
    estimate    = "1m"
  }
  step "freeze" {
    after     = [step.queue]
    procedure = procedure.freeze
  }
  step "database" {
    after     = [step.freeze]
    procedure = procedure.database
  }
  step "workers" {
    after     = [step.freeze]
    procedure = procedure.workers
  }
  step "reopen" {
    after     = [step.database, step.workers]
    procedure = procedure.reopen
  }
}

# The database works and is wrong. It comes back beside itself, to before it was wrong. The restore begins at
# once; meanwhile a person makes sure of the instant.
procedure "corruption" {
  description = "brings the database back to before the corruption"

  step "freeze" {
    procedure = procedure.freeze
  }
  step "evidence" {
    description = "keep the present state: what was right and is lost is looked for in it"
    after       = [step.freeze]
    run = [
      "aws", "rds", "create-db-snapshot", "--db-instance-identifier", "metrics-billing",
      "--db-snapshot-identifier", "metrics-billing-wrong-${run.id}", "--region", target.region,
    ]
    estimate = "2m"
  }
  step "first_wrong_row" {
    description = "find the first wrong row in the audit log"
    after       = [step.freeze]
    sql {
      database = "host=${target.before} dbname=billing user=recovery sslmode=verify-full"
      query    = "SELECT min(written_at) AS first FROM audit_log WHERE NOT consistent"
    }
    env          = ["PGPASSWORD"]
    estimate     = "5m"
    estimate_p95 = "10m"
  }
  step "instant" {
    after        = [step.first_wrong_row]
    manual       = "Compare the first wrong row with the instant that is being restored. If the row is older, begin again with `drctl recover --scenario data-corruption --corrupt-since` and its time. Write the kinds of events that did the damage into ops/replay-skip.txt: the others are replayed"
    why          = "what is wrong, and what is only new, is a judgement"
    owner        = contact.database_owner
    estimate     = "10m"
    estimate_p95 = "20m"
  }
  step "database" {
    after     = [step.freeze]
    procedure = procedure.database
  }
  step "reopen" {
    after     = [step.evidence, step.instant, step.database]
    procedure = procedure.reopen
  }
}

# The last release that worked. A worker that is gone has lost its secrets with it.
procedure "workers" {
  description = "deploys the workers"

  step "deploy" {
    description = "deploy the workers, with their cron jobs"
    run         = ["wrangler", "deploy", "--env", target.environment]
    dir         = "metrics-billing-${run.id}"
    needs       = [site.cloudflare]
    estimate    = "2m"
    drill       = "run"
  }
  step "secrets" {
    description = "give them their secrets, all but RDS_HOST"
    after       = [step.deploy]
    shell       = "op read op://operations/metrics-billing-${target.environment}/secrets.json | wrangler secret bulk --env ${target.environment}"
    dir         = "metrics-billing-${run.id}"
    needs       = [site.cloudflare, site.vault]
    estimate    = "2m"
    drill       = "run"
  }
  step "alive" {
    description = "see that they answer, whatever the database does"
    after       = [step.secrets]
    http {
      url = "https://${target.api}/health/workers"
    }
    checks   = "service"
    estimate = "1m"
  }
  step "cron" {
    description = "see that every cron job of the release is scheduled"
    after       = [step.deploy]
    run         = ["npm", "run", "dr:check-cron", "--", "--env", target.environment]
    dir         = "metrics-billing-${run.id}"
    checks      = "service"
    needs       = [site.cloudflare]
    estimate    = "1m"
    drill       = "run"
  }
}

# Messages are only ever put back or made anew from their events: processing one twice changes nothing.
procedure "queue" {
  description = "processes what was not processed"

  step "look" {
    description = "see the backlog, and whether delivery is paused"
    shell       = "for q in ${target.events} ${target.dead_letters}; do wrangler queues info $q || wrangler queues create $q; done"
    needs       = [site.cloudflare]
    estimate    = "1m"
    drill       = "run"
  }
  step "resume" {
    description = "deliver, should it be paused"
    after       = [step.look]
    run         = ["wrangler", "queues", "resume-delivery", target.events]
    undo        = ["wrangler", "queues", "pause-delivery", target.events]
    needs       = [site.cloudflare]
    estimate    = "1m"
    drill       = "run"
  }
  step "dead_letters" {
    description  = "put the dead letters back; one that fails again stays dead, and is printed with its error"
    after        = [step.resume]
    run          = ["npm", "run", "dr:dead-letters", "--", target.dead_letters, "--requeue", target.events]
    dir          = "metrics-billing-${run.id}"
    needs        = [site.cloudflare]
    estimate     = "5m"
    estimate_p95 = "15m"
    drill        = "run"
  }
  step "replay" {
    description = "replay the archived events that are neither in the database nor in the queue"
    after       = [step.dead_letters]
    run = [
      "npm", "run", "dr:replay", "--", "--events", target.events, "--host", target.host, "--missing",
      "--skip-kinds", "ops/replay-skip.txt",
    ]
    dir          = "metrics-billing-${run.id}"
    env          = ["PGPASSWORD"]
    estimate     = "10m"
    estimate_p95 = "20m"
    drill        = "run"
  }
  step "verify" {
    description = "see that every event of today is in the database, once"
    after       = [step.replay]
    run = [
      "npm", "run", "dr:check-events", "--", "--events", target.events, "--host", target.host, "--since", "24h",
    ]
    dir          = "metrics-billing-${run.id}"
    env          = ["PGPASSWORD"]
    checks       = "data"
    estimate     = "3m"
    estimate_p95 = "10m"
    drill        = "run"
  }
}

# Razorpay has every payment: what is missing is fetched. Nothing is charged by hand, which charges twice.
procedure "payments" {
  description = "fetches the payments that did not arrive"

  step "razorpay" {
    description = "see that Razorpay works; while it does not, wait: nothing is lost"
    http {
      url    = "https://status.razorpay.com/api/v2/status.json"
      expect = jsondecode(self.body).status.indicator == "none"
    }
    needs    = [site.razorpay]
    estimate = "1m"
    drill    = "run"
  }
  step "webhook" {
    description = "set the webhook to what ops/webhook.json says, and on: Razorpay turns it off when it fails"
    after       = [step.razorpay]
    run         = ["npm", "run", "dr:webhook", "--", "--mode", target.mode, "--set", "ops/webhook.json"]
    dir         = "metrics-billing-${run.id}"
    needs       = [site.razorpay]
    estimate    = "1m"
    drill       = "run"
  }
  step "fetch" {
    description = "fetch the payments of two days and record those that are missing, each once, with its status"
    after       = [step.webhook]
    run = [
      "npm", "run", "dr:payments", "--", "--mode", target.mode, "--host", target.host, "--since", "48h",
    ]
    dir          = "metrics-billing-${run.id}"
    env          = ["PGPASSWORD"]
    needs        = [site.razorpay]
    estimate     = "10m"
    estimate_p95 = "30m"
    drill        = "run"
  }
  step "compare" {
    description = "see that Razorpay and the database agree"
    after       = [step.fetch]
    run = [
      "npm", "run", "dr:payments", "--", "--mode", target.mode, "--host", target.host, "--since", "48h",
      "--compare",
    ]
    dir      = "metrics-billing-${run.id}"
    env      = ["PGPASSWORD"]
    checks   = "data"
    needs    = [site.razorpay]
    estimate = "3m"
    drill    = "run"
  }
  step "confirm" {
    description = "send the confirmations that were not sent"
    after       = [step.compare]
    run = [
      "npm", "run", "dr:payments", "--", "--mode", target.mode, "--host", target.host, "--since", "48h",
      "--confirm",
    ]
    dir      = "metrics-billing-${run.id}"
    env      = ["PGPASSWORD"]
    estimate = "3m"
    drill    = "run"
  }
}
