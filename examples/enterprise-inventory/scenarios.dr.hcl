# What may be lost. The objectives are the plan's; the budgets of the phases, one after the other and after
# the detection, fit the targets.

# The health check asks every 30 seconds and pages after three failures; the page is answered in a minute.
locals {
  detection = "3m"
}

scenario "database-loss" {
  description = "Complete database loss: database corruption, accidental deletion, infrastructure failure."
  symptoms    = ["complete data loss", "application unavailable"]
  detection   = local.detection
  commander   = contact.on_call_engineer
  recover     = [procedure.assess, procedure.database, procedure.open]

  lose "datastore" {
    datastore = datastore.database
  }
  target {
    environment  = "production"
    host         = "inventory.example"
    server       = "postgres-spare"
    database     = "inventory_${run.id}"
    old_server   = "postgres"
    old_database = "inventory"
  }
  objective {
    rto         = "1h"
    maximum_rto = "4h"
    rpo         = "24h"
    maximum_rpo = "24h"
  }
  phase "assessment" {
    budget = "5m"
  }
  phase "containment" {
    budget = "5m"
  }
  phase "recovery" {
    budget = "37m"
  }
  phase "validation" {
    budget = "10m"
  }
}

scenario "application-failure" {
  description = "Application failure: code deployment error, configuration issue."
  symptoms    = ["application unavailable", "database intact"]
  detection   = local.detection
  commander   = contact.on_call_engineer
  recover     = [procedure.application]

  lose "service" {
    service = service.application
  }
  target {
    environment = "production"
    host        = "inventory.example"
  }
  objective {
    rto         = "15m"
    maximum_rto = "1h"
    rpo         = "0s"
    maximum_rpo = "0s"
  }
  phase "assessment" {
    budget = "2m"
  }
  phase "recovery" {
    budget = "5m"
  }
  phase "validation" {
    budget = "4m"
  }
  # As it is over in 15 minutes, users are told only when it is not.
  notify "users" {
    via            = channel.status_page
    after_downtime = "1h"
    owner          = contact.on_call_engineer
  }
}

scenario "regional-outage" {
  description = "Regional outage: Railway/cloud provider outage."
  symptoms    = ["complete service unavailability", "https://status.railway.com shows an incident"]
  detection   = local.detection
  commander   = contact.on_call_engineer
  recover     = [procedure.failover]

  lose "site" {
    site = site.railway
  }
  target {
    host     = "standby.inventory.example"
    server   = "standby"
    database = "inventory_${run.id}"
  }
  objective {
    rto         = "2h"
    maximum_rto = "8h"
    rpo         = "24h"
    maximum_rpo = "24h"
  }
  phase "assessment" {
    budget = "30m"
  }
  phase "recovery" {
    budget = "55m"
  }
  phase "validation" {
    budget = "20m"
  }
}

# Balances and tenants are checked every 10 minutes, and two wrong answers page: wrong data is noticed
# within 30 minutes.
scenario "data-corruption" {
  description = "Data corruption: application bug, malicious activity."
  symptoms    = ["data integrity compromised"]
  detection   = "30m"
  commander   = contact.on_call_engineer
  recover     = [procedure.assess, procedure.corruption, procedure.open]

  lose "data" {
    datastore      = datastore.database
    noticed_within = "30m"
  }
  target {
    environment  = "production"
    host         = "inventory.example"
    server       = "postgres-spare"
    database     = "inventory_${run.id}"
    old_server   = "postgres"
    old_database = "inventory"
  }
  objective {
    rto         = "2h"
    maximum_rto = "6h"
    rpo         = "24h"
    maximum_rpo = "24h"
  }
  phase "assessment" {
    budget = "5m"
  }
  phase "containment" {
    budget = "25m"
  }
  phase "recovery" {
    budget = "45m"
  }
  phase "validation" {
    budget = "10m"
  }
}
