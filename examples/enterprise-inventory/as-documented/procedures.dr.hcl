# How the Enterprise Inventory System comes back. A step is a line of the plan, in the order of the text.
# Where the plan gives a command it is run as written; where it gives none the step is done by hand. Who
# does a step is not said in the plan, nor how long one takes.

# §Phase 1: Assessment (0-15 minutes)
procedure "assess" {
  description = "Find out what happened and who is needed."

  # §Phase 1, 1. Identify Issue
  step "check_health" {
    manual = "Check application health endpoints."
    why    = "The plan gives no address of them."
    phase  = "assessment"
  }

  step "review_logs" {
    after  = [step.check_health]
    manual = "Review error logs."
    why    = "The plan gives no command for it."
    phase  = "assessment"
  }

  step "verify_connectivity" {
    after  = [step.review_logs]
    manual = "Verify database connectivity."
    why    = "The plan gives no command for it."
    phase  = "assessment"
  }

  # §Phase 1, 2. Determine Scope
  step "database_accessible" {
    after  = [step.verify_connectivity]
    manual = "Is database accessible?"
    why    = "The plan gives no command for it."
    phase  = "assessment"
  }

  step "application_running" {
    after  = [step.database_accessible]
    manual = "Is application running?"
    why    = "The plan gives no command for it."
    phase  = "assessment"
  }

  step "data_corrupted" {
    after  = [step.application_running]
    manual = "Is data corrupted?"
    why    = "It is a judgement."
    phase  = "assessment"
  }

  # §Phase 1, 3. Activate Response Team
  step "notify_on_call" {
    after  = [step.data_corrupted]
    manual = "Notify on-call engineer."
    why    = "The plan has [Contact] for the address."
    phase  = "assessment"
  }

  step "escalate" {
    after  = [step.notify_on_call]
    when   = "needed"
    manual = "Escalate."
    why    = "It is a judgement."
    phase  = "assessment"
  }

  step "begin_documentation" {
    after  = [step.escalate]
    manual = "Begin incident documentation."
    why    = "A person writes it."
    phase  = "assessment"
  }
}

# §Phase 2: Containment (15-30 minutes), 1. Stop Further Damage: "If database issue"
procedure "prevent_connections" {
  description = "Stop further damage when the database is at fault."

  step "prevent_connections" {
    manual = "Prevent connections to the database."
    why    = "The plan gives no command for it."
    phase  = "containment"
    needs  = [site.railway]
  }
}

# §Phase 2, 1. Stop Further Damage: "If data corruption detected"
procedure "stop_writes" {
  description = "Stop further damage when data is wrong."

  step "stop_writes" {
    manual = "Stop all writes."
    why    = "The plan gives no command for it."
    phase  = "containment"
    needs  = [site.railway]
  }
}

# §Phase 2, 1. Stop Further Damage: "If application issue". The command is that of §Phase 3,
# which has it again: followed to the letter, the deployment is rolled back twice.
procedure "contain_application" {
  description = "Stop further damage when the application is at fault."

  step "rollback" {
    run   = ["railway", "rollback"]
    phase = "containment"
    needs = [site.railway]
  }
}

# §Phase 2, 2. Preserve Evidence
procedure "preserve_evidence" {
  description = "Keep what shows the cause."

  step "snapshot" {
    when   = "possible"
    manual = "Take database snapshot."
    why    = "The plan gives no command for it."
    phase  = "containment"
    needs  = [site.railway]
  }

  step "export" {
    after  = [step.snapshot]
    manual = "Export current database state."
    why    = "The plan gives no command for it."
    phase  = "containment"
    needs  = [site.railway]
  }

  step "save_logs" {
    after  = [step.export]
    manual = "Save application logs."
    why    = "The plan gives no command for it."
    phase  = "containment"
    needs  = [site.railway]
  }
}

# §Phase 2, 3. Notify Stakeholders
procedure "notify_stakeholders" {
  description = "Say what is known."

  step "status_update" {
    manual = "Send status update."
    why    = "The plan does not say where to."
    phase  = "containment"
  }

  step "estimate" {
    after  = [step.status_update]
    manual = "Estimate recovery time."
    why    = "It is a judgement."
    phase  = "containment"
  }

  step "set_cadence" {
    after  = [step.estimate]
    manual = "Set communication cadence."
    why    = "It is a judgement."
    phase  = "containment"
  }
}

# §Phase 3: Recovery (30 minutes - 2 hours), For Database Loss/Corruption
procedure "restore_database" {
  description = "Bring the database back from a backup, and the application onto it."

  # §Phase 3, 1. Identify Latest Good Backup
  step "list_backups" {
    run   = ["railway", "backups", "list"]
    phase = "recovery"
    needs = [site.railway]
  }

  step "select_backup" {
    after  = [step.list_backups]
    manual = "Select backup before issue occurred."
    why    = "It is a judgement."
    phase  = "recovery"
  }

  # §Phase 3, 2. Create Recovery Environment
  step "create_database" {
    after  = [step.select_backup]
    when   = "needed"
    manual = "Create new database service."
    why    = "The plan gives no command for it."
    phase  = "recovery"
    needs  = [site.railway]
  }

  step "temporary_application" {
    after  = [step.create_database]
    manual = "Set up temporary application instance."
    why    = "The plan gives no command for it."
    phase  = "recovery"
    needs  = [site.railway]
  }

  step "configure_connection" {
    after  = [step.temporary_application]
    manual = "Configure connection strings."
    why    = "The plan gives no command for it."
    phase  = "recovery"
    needs  = [site.railway]
  }

  # §Phase 3, 3. Restore Database: `railway backups restore <backup-id>`, the command of the backup. It names
  # no other target: what the database holds is replaced.
  step "restore" {
    after    = [step.configure_connection]
    restore  = datastore.database
    from     = backup.daily
    destroys = [datastore.database]
    phase    = "recovery"
    needs    = [site.railway]
  }

  # §Phase 3, 4. Verify Data Integrity
  step "record_counts" {
    after  = [step.restore]
    manual = "Check record counts."
    why    = "The plan names no tables and no counts."
    checks = "data"
    phase  = "recovery"
  }

  step "recent_transactions" {
    after  = [step.record_counts]
    manual = "Verify recent transactions."
    why    = "The plan does not say which."
    checks = "data"
    phase  = "recovery"
  }

  step "critical_queries" {
    after  = [step.recent_transactions]
    manual = "Test critical queries."
    why    = "The plan does not say which."
    checks = "data"
    phase  = "recovery"
  }

  # §Phase 3, 5. Restore Application
  step "deploy" {
    after  = [step.critical_queries]
    manual = "Deploy known-good version."
    why    = "The plan does not say which one it is."
    phase  = "recovery"
    needs  = [site.railway]
  }

  step "connection_strings" {
    after  = [step.deploy]
    manual = "Update connection strings."
    why    = "The plan gives no command for it."
    phase  = "recovery"
    needs  = [site.railway]
  }

  step "connectivity" {
    after  = [step.connection_strings]
    manual = "Verify connectivity."
    why    = "The plan gives no command for it."
    checks = "service"
    phase  = "recovery"
  }

  # §Phase 3, 6. Smoke Tests
  step "test_authentication" {
    after  = [step.connectivity]
    manual = "Test authentication."
    why    = "The plan gives no command for it."
    checks = "service"
    phase  = "recovery"
  }

  step "test_inventory" {
    after  = [step.test_authentication]
    manual = "Test inventory queries."
    why    = "The plan gives no command for it."
    checks = "service"
    phase  = "recovery"
  }

  step "test_tenants" {
    after  = [step.test_inventory]
    manual = "Test tenant isolation."
    why    = "The plan gives no command for it."
    checks = "service"
    phase  = "recovery"
  }

  step "verify_balances" {
    after  = [step.test_tenants]
    manual = "Verify balance calculations."
    why    = "The plan gives no command for it."
    checks = "data"
    phase  = "recovery"
  }
}

# §Phase 3, For Application Failure
procedure "recover_application" {
  description = "Go back to the deployment that worked."

  # §Phase 3, 1. Rollback Deployment: "Via Railway"
  step "rollback" {
    run   = ["railway", "rollback"]
    phase = "recovery"
    needs = [site.railway]
  }

  # §Phase 3, 1. Rollback Deployment: "Or redeploy previous version". When that is done is not said.
  # `<previous-commit>` stands in the plan.
  step "checkout" {
    instead_of = step.rollback
    run        = ["git", "checkout", "<previous-commit>"]
    phase      = "recovery"
  }

  # §Phase 3, 1. Rollback Deployment: "Or redeploy previous version"
  step "deploy" {
    after      = [step.checkout]
    instead_of = step.rollback
    run        = ["railway", "deploy"]
    phase      = "recovery"
    needs      = [site.railway]
  }

  # §Phase 3, 2. Fix Configuration
  step "review_environment" {
    after  = [step.rollback]
    manual = "Review environment variables."
    why    = "It is a judgement."
    phase  = "recovery"
  }

  step "check_dependencies" {
    after  = [step.review_environment]
    manual = "Check service dependencies."
    why    = "The plan gives no command for it."
    phase  = "recovery"
  }

  step "verify_integrations" {
    after  = [step.check_dependencies]
    manual = "Verify external integrations."
    why    = "The plan gives no command for it."
    phase  = "recovery"
  }

  # §Phase 3, 3. Restart Services
  step "restart" {
    after  = [step.verify_integrations]
    manual = "Restart application."
    why    = "The plan gives no command for it."
    phase  = "recovery"
    needs  = [site.railway]
  }

  step "verify_health" {
    after  = [step.restart]
    manual = "Verify health checks."
    why    = "The plan gives no address of them."
    checks = "service"
    phase  = "recovery"
  }

  step "monitor_errors" {
    after  = [step.verify_health]
    manual = "Monitor error rates."
    why    = "The plan gives no command and no limit."
    checks = "service"
    phase  = "recovery"
  }
}

# §Disaster Scenarios, Scenario 3: "Recovery". It is not said that a backup region is configured.
procedure "wait_for_provider" {
  description = "What the plan has for an outage of Railway."

  step "wait" {
    manual = "Wait for provider recovery."
    why    = "The plan has no time to wait."
    phase  = "recovery"
  }

  step "failover" {
    instead_of = step.wait
    when       = "a backup region is configured"
    manual     = "Failover to backup region."
    why        = "The plan has no way to fail over."
    phase      = "recovery"
  }
}

# §Phase 4: Validation (2-4 hours)
procedure "validate" {
  description = "See that everything works, under load and for its users."

  # §Phase 4, 1. Functional Testing
  step "test_workflows" {
    manual = "Test all critical workflows."
    why    = "The plan does not say which."
    checks = "service"
    phase  = "validation"
  }

  step "verify_consistency" {
    after  = [step.test_workflows]
    manual = "Verify data consistency."
    why    = "The plan gives no command for it."
    checks = "data"
    phase  = "validation"
  }

  step "check_tenants" {
    after  = [step.verify_consistency]
    manual = "Check tenant isolation."
    why    = "The plan gives no command for it."
    checks = "service"
    phase  = "validation"
  }

  # §Phase 4, 2. Performance Testing
  step "monitor_response" {
    after  = [step.check_tenants]
    manual = "Monitor response times."
    why    = "The plan gives no command and no limit."
    checks = "service"
    phase  = "validation"
  }

  step "database_performance" {
    after  = [step.monitor_response]
    manual = "Check database performance."
    why    = "The plan gives no command and no limit."
    checks = "service"
    phase  = "validation"
  }

  step "verify_regressions" {
    after  = [step.database_performance]
    manual = "Verify no regressions."
    why    = "The plan gives no command for it."
    checks = "service"
    phase  = "validation"
  }

  # §Phase 4, 3. User Acceptance
  step "notify_users" {
    after    = [step.verify_regressions]
    manual   = "Notify users of recovery."
    why      = "The plan does not say by what."
    phase    = "validation"
    downtime = false
  }

  step "monitor_reports" {
    after    = [step.notify_users]
    manual   = "Monitor user reports."
    why      = "Users are asked by people."
    phase    = "validation"
    downtime = false
  }

  step "address_issues" {
    after    = [step.monitor_reports]
    manual   = "Address any issues."
    why      = "It is a judgement."
    phase    = "validation"
    downtime = false
  }
}

# §Disaster Scenarios, Scenario 4: "investigate root cause"
procedure "investigate" {
  description = "Find out why the data was wrong."

  step "root_cause" {
    manual = "Investigate root cause."
    why    = "It is a judgement."
  }
}
