# What is rehearsed, each time by another engineer, so that everybody has done it once.

# As in an emergency, up to where the workers would be pointed at the restored database. Nothing is stopped.
procedure "rehearsal" {
  description = "restores the database, verifies it and removes it again"

  step "access" {
    procedure = procedure.access
  }
  step "checkout" {
    procedure = procedure.checkout
  }
  step "database" {
    after     = [step.access, step.checkout]
    procedure = procedure.database
  }
  step "unprotect" {
    description = "take its deletion protection away: it was restored with it"
    after       = [step.database]
    run = [
      "aws", "rds", "modify-db-instance", "--db-instance-identifier", target.instance, "--no-deletion-protection",
      "--apply-immediately", "--region", target.region,
    ]
    estimate = "1m"
    drill    = "run"
  }
  step "remove" {
    description = "remove what was restored; the name is new, so that nothing else can be meant"
    after       = [step.unprotect]
    run = [
      "aws", "rds", "delete-db-instance", "--db-instance-identifier", target.instance, "--skip-final-snapshot",
      "--delete-automated-backups", "--region", target.region,
    ]
    estimate = "1m"
    drill    = "run"
  }
}

# A month is 30 days here.
drill "database" {
  description = "the database comes back from its own region"
  scenario    = scenario.data-corruption
  procedure   = procedure.rehearsal
  every       = "30d"
  owner       = contact.database_owner
  last        = "2026-02-09"
  shared      = ["repository", "region", "closed_group"]
  target {
    instance = "drill-metrics-billing-${run.id}"
    arn      = "arn:aws:rds:eu-west-1:${local.account}:db:drill-metrics-billing-${run.id}"
    host     = "drill-metrics-billing-${run.id}.${local.rds_suffix["eu-west-1"]}"
    # Made beforehand: it lets in the host from which drills are done, and not the workers.
    security_group = "sg-0e1111111111111e1"
  }
}

drill "other_region" {
  description = "the database comes back from the copies in the other region"
  scenario    = scenario.complete-platform-failure
  procedure   = procedure.rehearsal
  every       = "90d"
  owner       = contact.database_owner
  last        = "2026-01-19"
  shared      = ["repository", "region", "closed_group"]
  target {
    instance       = "drill-metrics-billing-${run.id}"
    arn            = "arn:aws:rds:eu-west-2:${local.account}:db:drill-metrics-billing-${run.id}"
    host           = "drill-metrics-billing-${run.id}.${local.rds_suffix["eu-west-2"]}"
    security_group = "sg-0e1111111111111e2"
  }
}

# What was released last is deployed again. This and the next two are done on what is in use, by somebody who watches:
# there is one set of workers, one queue and one account at Razorpay. drctl leaves these steps out and says so.
drill "workers" {
  scenario = scenario.workers-broken
  every    = "30d"
  owner    = contact.on_call
  last     = "2026-02-11"
  shared   = ["repository"]
}

# Harmless with nothing broken: a message or a payment that is there already is left out.
drill "queue" {
  scenario = scenario.queue-stuck
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-01-21"
  shared   = ["repository"]
}

drill "payments" {
  scenario = scenario.payment-processing-failure
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-01-22"
  shared   = ["repository"]
}
