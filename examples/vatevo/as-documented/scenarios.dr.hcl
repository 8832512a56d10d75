# §Recovery Procedures by Scenario. The objectives are those of the services: no scenario has its own, and
# none has a time. Who leads is in §Internal Communication.

# §Scenario 1: Database Corruption. How long it may go unnoticed is not said.
scenario "database-corruption" {
  description = "Database Corruption"
  symptoms    = ["Database health check failure"]
  lose "data" {
    datastore = datastore.postgres
  }
  recover = [
    procedure.corruption_assessment,
    procedure.full_database_restore,
    procedure.verification_scripts,
    procedure.corruption_communication,
  ]
  commander = contact.incident_commander
}

# §Scenario 2: Regional Outage. "Restore services" is read as §Complete Platform Recovery.
scenario "regional-outage" {
  description = "Regional Outage"
  symptoms    = ["Service unavailability"]
  lose "region" {
    name = var.primary_region
  }
  recover = [
    procedure.outage_assessment,
    procedure.cross_region_failover,
    procedure.full_database_restore,
    procedure.complete_platform_recovery,
    procedure.outage_communication,
  ]
  commander = contact.incident_commander
}

# §Scenario 3: Data Center Failure. "Full platform recovery" is §Complete Platform Recovery, whose first two
# steps are "Restore database (see above)" and "Restore S3 data (see above)".
scenario "data-center-failure" {
  description = "Data Center Failure"
  symptoms    = ["Complete service unavailability"]
  lose "site" {
    site = site.data_center
  }
  recover = [
    procedure.failure_assessment,
    procedure.full_database_restore,
    procedure.cross_region_failover,
    procedure.complete_platform_recovery,
    procedure.failure_conclusion,
  ]
  commander = contact.incident_commander
}

# §Scenario 4: Security Incident. What is lost is not said; "clean restore from backups" brings data back that
# is no longer trusted.
scenario "security-incident" {
  description = "Security Incident"
  symptoms    = ["Security monitoring alerts"]
  lose "data" {
    datastore = datastore.postgres
  }
  recover = [
    procedure.containment,
    procedure.full_database_restore,
    procedure.incident_communication,
  ]
  commander = contact.incident_commander
}
