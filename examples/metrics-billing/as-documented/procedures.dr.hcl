# How the Metrics Billing Platform comes back. A step is a line of the document, in the order of its text. Where
# the document gives a command it is run as written, placeholders too; where it gives none the step is done by
# hand. The document does not say who does a step or how long it takes.

# §Recovery Procedures, Database Recovery
procedure "recover_database" {
  description = "Restore the database into a new instance and point the workers at it."

  # 1. Identify Point in Time
  step "last_good_state" {
    manual = "Determine last known good state."
    why    = "It is a judgement."
  }

  step "corruption_point" {
    after  = [step.last_good_state]
    manual = "Check audit logs for corruption point."
    why    = "The document does not say where they are."
  }

  # 2. Restore Database: "Restore from RDS snapshot", by the command of the backup
  step "restore" {
    after   = [step.corruption_point]
    restore = datastore.database
    from    = backup.daily
    into    = "new-instance"
  }

  # 3. Verify Data
  step "critical_tables" {
    after  = [step.restore]
    manual = "Check critical tables."
    why    = "The document gives no query."
    checks = "data"
  }

  step "integrity" {
    after  = [step.critical_tables]
    manual = "Verify data integrity."
    why    = "The document gives no query."
    checks = "data"
  }

  step "reconciliation" {
    after  = [step.integrity]
    manual = "Run reconciliation."
    why    = "The document gives no command for it."
    checks = "data"
  }

  # 4. Update Connection Strings
  step "update_host" {
    after  = [step.reconciliation]
    manual = "Update RDS_HOST in Cloudflare."
    why    = "The document gives no command for it."
    needs  = [site.cloudflare]
  }

  # "Redeploy workers if needed": the command of §Worker Recovery
  step "redeploy_workers" {
    after = [step.update_host]
    when  = "needed"
    run   = ["wrangler", "deploy", "--env", "production"]
    needs = [site.cloudflare]
  }
}

# §Recovery Procedures, Worker Recovery
procedure "recover_workers" {
  description = "Deploy the workers again."

  # 1. Redeploy Workers
  step "deploy" {
    run   = ["wrangler", "deploy", "--env", "production"]
    needs = [site.cloudflare]
  }

  # 2. Verify Deployment
  step "check_health" {
    after  = [step.deploy]
    manual = "Check health endpoint."
    why    = "The document gives no address of it."
    checks = "service"
  }

  step "test_api" {
    after  = [step.check_health]
    manual = "Test API endpoints."
    why    = "The document gives no addresses."
    checks = "service"
  }

  step "verify_cron" {
    after  = [step.test_api]
    manual = "Verify cron jobs."
    why    = "The document does not say which."
    checks = "service"
  }
}

# §Recovery Procedures, Queue Recovery
procedure "recover_queue" {
  description = "Process what was not processed."

  # 1. Check Queue Status
  step "review_backlog" {
    manual = "Review queue backlog."
    why    = "The document gives no command for it."
  }

  step "check_dead_letters" {
    after  = [step.review_backlog]
    manual = "Check dead-letter queue."
    why    = "The document gives no command for it."
  }

  # 2. Reprocess Messages
  step "process_dead_letters" {
    after  = [step.check_dead_letters]
    manual = "Process DLQ messages."
    why    = "The document gives no command for it."
  }

  step "verify_processing" {
    after  = [step.process_dead_letters]
    manual = "Verify processing."
    why    = "The document does not say by what."
    checks = "data"
  }
}

# §Disaster Scenarios, Complete Platform Failure, 3-5
procedure "after_total_failure" {
  description = "What follows when database and workers are back."

  # Step 3.
  step "verify_services" {
    manual = "Verify all services."
    why    = "The document gives no command for it."
    checks = "service"
  }

  # Step 4.
  step "reconciliation" {
    after  = [step.verify_services]
    manual = "Run reconciliation jobs."
    why    = "The document gives no command for it."
    checks = "data"
  }

  # Step 5.
  step "notify_customers" {
    after  = [step.reconciliation]
    when   = "needed"
    manual = "Notify customers."
    why    = "It is a judgement, and the document does not say by what."
  }
}

# §Disaster Scenarios, Data Corruption, 3-5
procedure "after_corruption" {
  description = "What follows when the database is back."

  # Step 3.
  step "replay_events" {
    when   = "needed"
    manual = "Replay events."
    why    = "It is a judgement, and the document gives no command for it."
  }

  # Step 4.
  step "verify_integrity" {
    after  = [step.replay_events]
    manual = "Verify data integrity."
    why    = "The document gives no query."
    checks = "data"
  }

  # Step 5.
  step "reconciliation" {
    after  = [step.verify_integrity]
    manual = "Run reconciliation."
    why    = "The document gives no command for it."
    checks = "data"
  }
}

# §Disaster Scenarios, Payment Processing Failure
procedure "recover_payments" {
  description = "Process by hand what Razorpay did not."

  # Step 1.
  step "check_razorpay" {
    manual = "Check Razorpay status."
    why    = "The document gives no address of it."
  }

  # Step 2.
  step "verify_webhook" {
    after  = [step.check_razorpay]
    manual = "Verify webhook configuration."
    why    = "The document gives no command for it."
    needs  = [site.razorpay]
  }

  # Step 3.
  step "process_payments" {
    after  = [step.verify_webhook]
    when   = "needed"
    manual = "Manually process payments."
    why    = "It is a judgement."
  }

  # Step 4.
  step "update_statuses" {
    after  = [step.process_payments]
    manual = "Update payment statuses."
    why    = "The document names no table and no command."
  }

  # Step 5.
  step "send_confirmations" {
    after  = [step.update_statuses]
    manual = "Send payment confirmations."
    why    = "The document gives no command for it."
  }
}

# §Regular Testing: "Test database restore monthly", and a month is 30 days here. By which steps is not said:
# these are the document's only ones, update of RDS_HOST included. Who does it and when it was done last is not
# said. "Test worker redeployment" and "Verify backup integrity" have no interval, which a drill must have.
drill "database_restore" {
  description = "Test database restore."
  procedure   = procedure.recover_database
  every       = "30d"
}
