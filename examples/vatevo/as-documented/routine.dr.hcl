# What is gone through in every recovery, and what is tested in between. Who does it and when it was last done
# is not written.

# §Pre-Recovery Checklist.
checklist "pre_recovery" {
  when = "before"
  items = [
    "Incident Assessment: Determine scope and impact",
    "Team Notification: Alert recovery team",
    "Communication: Update status page",
    "Backup Verification: Confirm backup integrity",
    "Recovery Plan: Select appropriate recovery procedure",
  ]
}

# §During Recovery Checklist.
checklist "during_recovery" {
  when = "during"
  items = [
    "Service Shutdown: Stop affected services",
    "Data Restoration: Restore from backups",
    "Service Restart: Restart services",
    "Health Checks: Verify service health",
    "Smoke Tests: Run comprehensive tests",
  ]
}

# §Post-Recovery Checklist.
checklist "post_recovery" {
  when = "after"
  items = [
    "Service Verification: Confirm all services operational",
    "Data Integrity: Verify data consistency",
    "Performance Check: Monitor service performance",
    "Communication: Update stakeholders",
    "Documentation: Record incident details",
  ]
}

# §Monthly Tests: Database Restore.
drill "database_restore" {
  description = "Full restore from backup"
  procedure   = procedure.full_database_restore
  every       = "30d"
}

# §Monthly Tests: S3 Failover.
drill "s3_failover" {
  description = "Cross-region failover test"
  procedure   = procedure.cross_region_failover
  every       = "30d"
}

# §Monthly Tests: Application Recovery.
drill "application_recovery" {
  description = "Complete platform recovery"
  procedure   = procedure.complete_platform_recovery
  every       = "30d"
}

# §Monthly Tests: Communication.
drill "communication" {
  description = "Incident response simulation"
  every       = "30d"
}

# §Quarterly Tests: Disaster Recovery. Which scenario is not written.
drill "disaster_recovery" {
  description = "Full DR scenario"
  every       = "90d"
}

# §Quarterly Tests: Business Continuity.
drill "business_continuity" {
  description = "Extended outage simulation"
  every       = "90d"
}

# §Quarterly Tests: Recovery Procedures.
drill "recovery_procedures" {
  description = "Documentation validation"
  every       = "90d"
}

# §Quarterly Tests: Team Training.
drill "team_training" {
  description = "Incident response training"
  every       = "90d"
}
