# How the system comes back. A step is a line of the document, in the order of its text. The document gives
# not one command, and does not say who does a step or how long it takes.

# §Recovery Procedures, Database Recovery, Restore Process
#
# Its "Point-in-Time Recovery" replays a log whose archiving is "(future)": there is no step for it.
procedure "restore_database" {
  description = "Bring the database back from a backup."

  # Restore Process, 1.
  step "stop_application" {
    manual = "Stop application instances."
    why    = "The document gives no command for it."
  }

  # Restore Process, 2. The application is not pointed elsewhere afterwards: what the database holds is replaced.
  step "restore" {
    after    = [step.stop_application]
    restore  = datastore.database
    destroys = [datastore.database]
  }

  # Restore Process, 3.
  step "verify_integrity" {
    after  = [step.restore]
    manual = "Verify database integrity."
    why    = "The document does not say by what."
    checks = "data"
  }

  # Restore Process, 4.
  step "migrate" {
    after  = [step.verify_integrity]
    when   = "they are needed"
    manual = "Run database migrations."
    why    = "The document gives no command for it."
  }

  # Restore Process, 5.
  step "restart_application" {
    after  = [step.migrate]
    manual = "Restart application instances."
    why    = "The document gives no command for it."
  }

  # Restore Process, 6.
  step "verify_application" {
    after  = [step.restart_application]
    manual = "Verify application functionality."
    why    = "The document does not say by what."
    checks = "service"
  }
}

# §Recovery Procedures, Certificate Recovery, Restore Process
procedure "restore_certificates" {
  description = "Bring the certificate files back, and their metadata up to date."

  # Restore Process, 1.
  step "restore" {
    restore = datastore.certificates
  }

  # Restore Process, 2.
  step "verify_permissions" {
    after  = [step.restore]
    manual = "Verify file permissions (600)."
    why    = "The document gives no path."
    checks = "data"
  }

  # Restore Process, 3.
  step "verify_validity" {
    after  = [step.verify_permissions]
    manual = "Verify certificate validity."
    why    = "The document gives no path."
    checks = "data"
  }

  # Restore Process, 4.
  step "update_metadata" {
    after  = [step.verify_validity]
    manual = "Update certificate metadata in database."
    why    = "The document names no table."
  }

  # Restore Process, 5.
  step "verify_access" {
    after  = [step.update_metadata]
    manual = "Verify certificate access."
    why    = "The document gives no command for it."
    checks = "service"
  }

  # Restore Process, 6.
  step "test_usage" {
    after  = [step.verify_access]
    manual = "Test certificate usage."
    why    = "The document gives no command for it."
    checks = "service"
  }
}

# §Recovery Procedures, Application Recovery, Container Recovery
procedure "recover_application" {
  description = "The container orchestration restarts or replaces what fails."

  # "Container orchestration automatic restart", "Automatic instance replacement": nobody does anything. The
  # 5 minutes are those of §RTO Targets, Application Recovery.
  step "restart" {
    wait = "5m"
  }

  # §RTO Targets, Application Recovery: "Health check verification"
  step "verify_health" {
    after  = [step.restart]
    manual = "Verify that the health checks pass."
    why    = "The document gives no address of them."
    checks = "service"
  }
}

# §Recovery Procedures, Application Recovery, Configuration Recovery
procedure "recover_configuration" {
  description = "Bring the configuration of the application back."

  step "environment" {
    manual = "Bring environment variables back from secure storage."
    why    = "The document does not say which storage that is."
  }

  step "validate" {
    after  = [step.environment]
    manual = "Validate the configuration."
    why    = "The document gives no command for it."
  }

  step "restart" {
    after  = [step.validate]
    manual = "Restart the service."
    why    = "The document gives no command for it."
  }

  step "verify_health" {
    after  = [step.restart]
    manual = "Verify that the health checks pass."
    why    = "The document gives no address of them."
    checks = "service"
  }
}

# §Testing, Recovery Testing, Procedures: how each of its scenarios is to be tested.
procedure "test_recovery" {
  description = "Rehearse a scenario."

  step "simulate" {
    manual = "Simulate failure scenarios."
    why    = "The document does not say how, nor where."
  }

  step "recover" {
    after  = [step.simulate]
    manual = "Execute recovery procedures."
    why    = "The document gives no command in them."
  }

  step "verify_data" {
    after  = [step.recover]
    manual = "Verify data integrity."
    why    = "The document does not say by what."
    checks = "data"
  }

  step "verify_application" {
    after  = [step.verify_data]
    manual = "Verify application functionality."
    why    = "The document does not say by what."
    checks = "service"
  }

  step "lessons" {
    after  = [step.verify_application]
    manual = "Document lessons learned."
    why    = "The document does not say where."
  }
}
