# What is gone through in every recovery, and what is rehearsed in between.

# What the steps see for themselves is not in these lists.
checklist "before" {
  when = "before"
  items = [
    "What is seen is what this scenario has among its symptoms",
    "An incident is open in PagerDuty, which calls everybody whom the steps name",
  ]
  owner = contact.on_call
}

checklist "during" {
  when  = "during"
  items = ["Each step's end is written down with its time, and no phase is over its budget"]
  owner = contact.on_call
}

checklist "after" {
  when = "after"
  items = [
    "Latency and errors of the API are as they were a day before",
    "Whoever was told that it began was told that it is over",
    "The incident is written down; estimates that were wrong are corrected here",
  ]
  owner = contact.technical_lead
}

# Each month the database, the other region and the whole platform, on apps and a bucket that are there for drills
# alone: their secrets read the database's repositories and write into neither, and lead to `vatevo-invoices-drill`.
# What would reach further is left out, and `drctl drill` says so: backups of what was restored, new secrets for
# everything, and whatever is told to customers.
drill "database_restore" {
  scenario = scenario.database-corruption
  every    = "30d"
  owner    = contact.database_admin
  last     = "2026-02-10"
  shared   = ["image", "region", "repositories"]
  target {
    app               = "vatevo-drill-api"
    api_host          = "drill.vatevo.internal"
    database_app      = "vatevo-drill-db"
    database_host     = "${run.id}.run.kv._metadata.vatevo-drill-db.internal"
    old_database_host = "db.vatevo-drill-db.internal"
  }
}

drill "regional_failover" {
  scenario = scenario.regional-outage
  every    = "30d"
  owner    = contact.technical_lead
  last     = "2026-02-17"
  shared   = ["image", "region", "repositories", "lost_region"]
  target {
    app               = "vatevo-drill-api"
    api_host          = "drill.vatevo.internal"
    database_app      = "vatevo-drill-db"
    database_host     = "${run.id}.run.kv._metadata.vatevo-drill-db.internal"
    old_database_host = "db.vatevo-drill-db.internal"
  }
}

drill "platform_recovery" {
  scenario = scenario.data-center-failure
  every    = "30d"
  owner    = contact.technical_lead
  last     = "2026-02-24"
  shared   = ["image", "region", "repositories", "lost_region"]
  target {
    app               = "vatevo-drill-api"
    api_host          = "drill.vatevo.internal"
    database_app      = "vatevo-drill-db"
    database_host     = "${run.id}.run.kv._metadata.vatevo-drill-db.internal"
    old_database_host = "db.vatevo-drill-db.internal"
  }
}

# Each quarter what is rarer or shorter.
drill "incident_response" {
  scenario = scenario.security-incident
  every    = "90d"
  owner    = contact.incident_commander
  last     = "2026-01-20"
  shared   = ["image", "region", "repositories"]
  target {
    app               = "vatevo-drill-api"
    api_host          = "drill.vatevo.internal"
    database_app      = "vatevo-drill-db"
    database_host     = "${run.id}.run.kv._metadata.vatevo-drill-db.internal"
    old_database_host = "db.vatevo-drill-db.internal"
  }
}

drill "restart" {
  scenario = scenario.api-failure
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-01-13"
  shared   = ["region"]
  target {
    app      = "vatevo-drill-api"
    api_host = "drill.vatevo.internal"
  }
}

drill "object_recovery" {
  scenario = scenario.lost-invoice
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-01-13"
  target {
    bucket = "vatevo-invoices-drill"
  }
}

drill "web_sites" {
  scenario = scenario.web-outage
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-01-27"
  target {
    web_app = "vatevo-drill-web"
  }
}
