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

# Each month the database, the other region and the whole platform, with other names in `target`.
drill "database_restore" {
  scenario = scenario.database-corruption
  every    = "30d"
  owner    = contact.database_admin
  last     = "2026-02-10"
}

drill "regional_failover" {
  scenario = scenario.regional-outage
  every    = "30d"
  owner    = contact.technical_lead
  last     = "2026-02-17"
}

drill "platform_recovery" {
  scenario = scenario.data-center-failure
  every    = "30d"
  owner    = contact.technical_lead
  last     = "2026-02-24"
}

# Each quarter what is rarer or shorter. The first is the whole response, with everybody who is told.
drill "incident_response" {
  scenario = scenario.security-incident
  every    = "90d"
  owner    = contact.incident_commander
  last     = "2026-01-20"
}

drill "restart" {
  scenario = scenario.api-failure
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-01-13"
}

drill "object_recovery" {
  scenario = scenario.lost-invoice
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-01-13"
}

drill "web_sites" {
  scenario = scenario.web-outage
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-01-27"
}
