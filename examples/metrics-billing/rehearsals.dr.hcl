# What is rehearsed, each time by another engineer, so that everybody has done it once.

# As in an emergency, up to where the workers would be pointed at the restored database. Nothing is stopped. When it is
# over, drctl removes what it restored.
procedure "rehearsal" {
  description = "restores the database and verifies it"

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

# What follows is done in the environment for rehearsals: workers and queues of its own, a small database, and the test
# mode of Razorpay. It stays from one rehearsal to the next.
drill "workers" {
  scenario = scenario.workers-broken
  every    = "30d"
  owner    = contact.on_call
  last     = "2026-02-11"
  shared   = ["repository"]
  target {
    environment = "rehearsal"
    api         = "api.rehearsal.metricsbilling.example"
  }
}

drill "queue" {
  scenario = scenario.queue-stuck
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-01-21"
  shared   = ["repository"]
  target {
    events       = "rehearsal-billing-events"
    dead_letters = "rehearsal-billing-dead"
    host         = "rehearsal-billing.${local.rds_suffix["eu-west-1"]}"
  }
}

drill "payments" {
  scenario = scenario.payment-processing-failure
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-01-22"
  shared   = ["repository"]
  target {
    mode = "test"
    host = "rehearsal-billing.${local.rds_suffix["eu-west-1"]}"
  }
}
