# What can happen to the Enterprise Inventory System. `rto` and `rpo` are the plan's targets, `maximum_*` its
# maxima. The phases are those of §Recovery Procedures; how long an incident goes unnoticed is not said.

# §Disaster Scenarios, Scenario 1: Complete Database Loss
# §Recovery Time Objectives (RTO) and §Recovery Point Objectives (RPO)
scenario "database-loss" {
  description = "Complete database loss: database corruption, accidental deletion, infrastructure failure."
  symptoms    = ["complete data loss", "application unavailable"]
  recover = [
    procedure.assess,
    procedure.prevent_connections,
    procedure.preserve_evidence,
    procedure.notify_stakeholders,
    procedure.restore_database,
    procedure.validate,
  ]

  lose "datastore" {
    datastore = datastore.database
  }

  objective {
    rto         = "1h"
    maximum_rto = "4h"
    rpo         = "24h"
    maximum_rpo = "24h"
  }

  phase "assessment" {
    budget = "15m" # 0-15 minutes
  }

  phase "containment" {
    budget = "15m" # 15-30 minutes
  }

  phase "recovery" {
    budget = "90m" # 30 minutes - 2 hours
  }

  phase "validation" {
    budget = "2h" # 2-4 hours
  }
}

# §Disaster Scenarios, Scenario 2: Application Failure
# §Recovery Time Objectives (RTO) and §Recovery Point Objectives (RPO)
scenario "application-failure" {
  description = "Application failure: code deployment error, configuration issue."
  symptoms    = ["application unavailable", "database intact"]
  recover = [
    procedure.assess,
    procedure.contain_application,
    procedure.preserve_evidence,
    procedure.notify_stakeholders,
    procedure.recover_application,
    procedure.validate,
  ]

  lose "service" {
    service = service.application
  }

  objective {
    rto         = "15m"
    maximum_rto = "1h"
    rpo         = "0s"
    maximum_rpo = "0s"
  }

  phase "assessment" {
    budget = "15m" # 0-15 minutes
  }

  phase "containment" {
    budget = "15m" # 15-30 minutes
  }

  phase "recovery" {
    budget = "90m" # 30 minutes - 2 hours
  }

  phase "validation" {
    budget = "2h" # 2-4 hours
  }
}

# §Disaster Scenarios, Scenario 3: Regional Outage
# §Recovery Time Objectives (RTO) and §Recovery Point Objectives (RPO)
scenario "regional-outage" {
  description = "Regional outage: Railway/cloud provider outage."
  symptoms    = ["complete service unavailability"]
  recover = [
    procedure.assess,
    procedure.notify_stakeholders,
    procedure.wait_for_provider,
    procedure.validate,
  ]

  lose "site" {
    site = site.railway
  }

  objective {
    rto         = "2h"
    maximum_rto = "8h"
    rpo         = "24h"
    maximum_rpo = "24h"
  }

  phase "assessment" {
    budget = "15m" # 0-15 minutes
  }

  phase "containment" {
    budget = "15m" # 15-30 minutes
  }

  phase "recovery" {
    budget = "90m" # 30 minutes - 2 hours
  }

  phase "validation" {
    budget = "2h" # 2-4 hours
  }
}

# §Disaster Scenarios, Scenario 4: Data Corruption
# §Recovery Time Objectives (RTO) and §Recovery Point Objectives (RPO)
scenario "data-corruption" {
  description = "Data corruption: application bug, malicious activity."
  symptoms    = ["data integrity compromised"]
  recover = [
    procedure.assess,
    procedure.stop_writes,
    procedure.preserve_evidence,
    procedure.notify_stakeholders,
    procedure.restore_database,
    procedure.validate,
    procedure.investigate,
  ]

  lose "data" {
    datastore = datastore.database
  }

  objective {
    rto         = "2h"
    maximum_rto = "6h"
    rpo         = "24h"
    maximum_rpo = "24h"
  }

  phase "assessment" {
    budget = "15m" # 0-15 minutes
  }

  phase "containment" {
    budget = "15m" # 15-30 minutes
  }

  phase "recovery" {
    budget = "90m" # 30 minutes - 2 hours
  }

  phase "validation" {
    budget = "2h" # 2-4 hours
  }
}
