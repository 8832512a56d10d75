# What can happen to the Metrics Billing Platform. The document does not say how one notices. The objective is
# that of the platform.

# §Disaster Scenarios, Complete Platform Failure. What is lost is not said: "complete" is read as the region of
# the database with everything in it, and every service but the payments, which are Razorpay's. The steps
# leave the queue out.
scenario "complete-platform-failure" {
  description = "Complete platform failure."
  recover = [
    procedure.recover_database,    # 1
    procedure.recover_workers,     # 2
    procedure.after_total_failure, # 3-5
  ]

  lose "region" {
    name = "eu-west-1"
  }
  lose "service" {
    service = service.workers
  }
  lose "service" {
    service = service.queue
  }
}

# §Disaster Scenarios, Data Corruption. How long it may go unnoticed is not said; backups reach back 7 days.
scenario "data-corruption" {
  description = "Data corruption."
  recover = [
    procedure.recover_database, # 1, 2
    procedure.after_corruption, # 3-5
  ]

  lose "data" {
    datastore = datastore.database
  }
}

# §Disaster Scenarios, Payment Processing Failure
scenario "payment-processing-failure" {
  description = "Payment processing failure."
  recover     = [procedure.recover_payments]

  lose "service" {
    service = service.payments
  }
}
