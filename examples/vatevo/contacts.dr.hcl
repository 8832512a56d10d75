# Who leads and who is called. The numbers are of the range kept for fiction.

contact "on_call" {
  role            = "DevOps Engineer on call"
  via             = "PagerDuty schedule \"vatevo-primary\""
  phone           = "+44 20 7946 0101"
  escalates_to    = contact.technical_lead
  escalates_after = "10m"
}

contact "technical_lead" {
  role            = "Technical Lead, Senior DevOps Engineer"
  phone           = "+44 20 7946 0102"
  escalates_to    = contact.incident_commander
  escalates_after = "10m"
}

contact "incident_commander" {
  role            = "Incident Commander, CTO"
  phone           = "+44 20 7946 0103"
  email           = "cto@vatevo.example"
  escalates_to    = contact.ceo
  escalates_after = "15m"
}

contact "ceo" {
  role  = "CEO"
  phone = "+44 20 7946 0104"
}

contact "database_admin" {
  role            = "Database Admin"
  phone           = "+44 20 7946 0105"
  escalates_to    = contact.technical_lead
  escalates_after = "10m"
}

contact "communications" {
  role            = "Communications, Marketing Team"
  via             = "PagerDuty schedule \"vatevo-communications\""
  phone           = "+44 20 7946 0106"
  escalates_to    = contact.ceo
  escalates_after = "15m"
}

contact "aws_support" {
  role = "AWS Support"
  via  = "https://support.console.aws.amazon.com/support/home#/case/create"
}

contact "fly_support" {
  role  = "Fly.io Support"
  via   = "https://fly.io/dashboard/vatevo/support"
  email = "vatevo@support.fly.example"
}

contact "vercel_support" {
  role = "Vercel Support"
  via  = "https://vercel.com/help"
}

contact "dns_provider" {
  role = "DNS Provider: Amazon Route 53"
  via  = "https://support.console.aws.amazon.com/support/home#/case/create"
}

channel "status_page" {
  description = "the status page"
  url         = "https://status.vatevo.com"
}

channel "customers" {
  description = "mail, Slack and Twitter"
  url         = "https://vatevo.incidents.example/publish"
}

channel "partners" {
  description = "by telephone"
  via         = "the list in PagerDuty, service \"vatevo-partners\""
}

channel "pager" {
  description = "PagerDuty"
  url         = "https://vatevo.pagerduty.example/incidents"
}

channel "alerts" {
  description = "the pager of who is on call"
  webhook     = "ALERTS_WEBHOOK"
}

# A timer runs `drctl alerts --send` every minute; `drctl backup run` tells of a failure itself.
alert "backup_failure" {
  on    = "backup_failed"
  of    = [backup.database]
  via   = channel.alerts
  text  = "Backup Failure"
  owner = contact.database_admin
}

alert "backup_duration" {
  on    = "backup_slow"
  of    = [backup.database]
  above = "30m"
  via   = channel.alerts
  owner = contact.database_admin
}

alert "backup_size" {
  on    = "size_changed"
  of    = [backup.database]
  above = "50%"
  via   = channel.alerts
  owner = contact.database_admin
}

alert "backup_storage" {
  on    = "storage"
  of    = [backup.database]
  above = "2TiB"
  via   = channel.alerts
  owner = contact.database_admin
}

alert "backup_proof" {
  on    = "not_verified"
  via   = channel.alerts
  owner = contact.database_admin
}

alert "rpo_exceeded" {
  on    = "point_age"
  of    = [backup.database]
  via   = channel.alerts
  text  = "RPO Exceeded"
  owner = contact.on_call
}

alert "drills" {
  on    = "drill_overdue"
  via   = channel.alerts
  owner = contact.incident_commander
}

# What opens and what resolves an incident on the status page are steps, for a person says what was wrong; this is
# what comes between, by the clock.
communication "outage" {
  scenarios = [
    scenario.database-corruption,
    scenario.regional-outage,
    scenario.data-center-failure,
    scenario.security-incident,
  ]
  notify "everybody" {
    via   = channel.status_page
    every = "30m"
    owner = contact.communications
  }
  notify "customers" {
    via            = channel.customers
    after_downtime = "30m"
    owner          = contact.communications
  }
  # The objective of the API and the database is missed.
  notify "the CEO" {
    via            = channel.pager
    after_downtime = "1h"
    owner          = contact.incident_commander
  }
  notify "partners" {
    via            = channel.partners
    after_downtime = "1h"
    owner          = contact.communications
  }
}

communication "web" {
  scenarios = [scenario.web-outage]
  notify "everybody" {
    via   = channel.status_page
    every = "1h"
    owner = contact.communications
  }
}
