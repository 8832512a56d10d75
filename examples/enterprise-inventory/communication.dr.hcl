# Who is told and when, what is gone through afterwards, and what is rehearsed.

channel "page" {
  description = "the page that the health check sends"
  via         = "PagerDuty schedule \"inventory\""
}

channel "incident" {
  description = "the incident's chat, which the page opens with a ticket"
  url         = "https://inventory.slack.example/incidents"
}

channel "status_page" {
  description = "the status page, which mails those who are affected"
  url         = "https://status.inventory.example"
}

channel "stakeholders" {
  description = "mail to executives, customer success and sales"
  via         = "stakeholders@inventory.example"
}

channel "alerts" {
  description = "the backup channel of the team"
  webhook     = "BACKUP_ALERTS_WEBHOOK"
}

alert "backup_status" {
  on    = "backup_failed"
  of    = [backup.hourly]
  via   = channel.alerts
  owner = contact.database_admin
}

alert "backup_age" {
  on    = "point_age"
  of    = [backup.hourly]
  above = "3h"
  via   = channel.alerts
  owner = contact.database_admin
}

communication "internal" {
  notify "on-call engineer" {
    via = channel.page
    on  = ["started"]
  }
  notify "team" {
    via    = channel.incident
    on     = ["started"]
    within = "15m"
    every  = "30m"
    text   = "What has been done, when it will be back, and what comes next."
    owner  = contact.on_call_engineer
  }
  notify "team" {
    via   = channel.incident
    on    = ["resolved"]
    text  = "It is back. What was lost, and when the post-mortem is."
    owner = contact.on_call_engineer
  }
}

# The steps `announce` do the first and the last of it.
communication "users" {
  scenarios = [scenario.database-loss, scenario.regional-outage, scenario.data-corruption]
  notify "users" {
    via   = channel.status_page
    on    = ["started", "resolved"]
    every = "30m"
    owner = contact.on_call_engineer
  }
}

communication "stakeholders" {
  notify "executives, customer success and sales" {
    via            = channel.stakeholders
    after_downtime = "4h"
    owner          = contact.vp_engineering
  }
}

checklist "post_mortem" {
  description = "post-mortem, within 48 hours"
  when        = "after"
  items = [
    "Put it on the calendar",
    "Write down what happened when, why, and what was done about it",
    "What went well, what could be better, and who does what until when",
    "Correct procedures, estimates and monitoring",
  ]
  owner = contact.devops_lead
}

# The plan's quarterly recovery tests, one for each scenario: in an environment of the project at Railway, with a
# PostgreSQL and a small host that are there for drills alone. Steps that tell somebody, move DNS or look at what is in
# use are left out, and `drctl drill` says so.
drill "database_loss" {
  scenario = scenario.database-loss
  every    = "92d"
  owner    = contact.database_admin
  last     = "2026-01-20"
  target {
    environment  = "drill"
    host         = "inventory-drill.example"
    server       = "postgres-drill"
    database     = "drill_${run.id}"
    old_server   = "postgres-drill"
    old_database = "drill"
  }
}

drill "application_failure" {
  scenario = scenario.application-failure
  every    = "92d"
  owner    = contact.devops_lead
  last     = "2026-01-13"
  target {
    environment = "drill"
    host        = "inventory-drill.example"
  }
}

drill "regional_outage" {
  scenario = scenario.regional-outage
  every    = "92d"
  owner    = contact.devops_lead
  last     = "2026-02-10"
  target {
    host     = "standby-drill.inventory.example"
    server   = "standby-drill"
    database = "drill_${run.id}"
  }
}

drill "data_corruption" {
  scenario = scenario.data-corruption
  every    = "92d"
  owner    = contact.database_admin
  last     = "2026-01-27"
  target {
    environment  = "drill"
    host         = "inventory-drill.example"
    server       = "postgres-drill"
    database     = "drill_${run.id}"
    old_server   = "postgres-drill"
    old_database = "drill"
  }
}
