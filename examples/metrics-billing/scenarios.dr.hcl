# What can happen. The two objectives of the platform hold for all of it.

scenario "complete-platform-failure" {
  description = "eu-west-1 is gone with the database; the workers and the queue are gone, too."
  symptoms = [
    "api.metricsbilling.example/health does not answer from two networks",
    "AWS Health: eu-west-1 degraded",
  ]
  detection = "5m" # asked every minute, alerts after three
  lose "region" {
    name = "eu-west-1"
  }
  lose "service" {
    service = service.workers
  }
  lose "service" {
    service = service.queue
  }
  target {
    repository   = local.repository
    environment  = "production"
    api          = "api.metricsbilling.example"
    events       = "metrics-billing-events" # the queue, and the bucket that keeps what goes into it
    dead_letters = "metrics-billing-dead"
    region       = "eu-west-2"
    instance     = "metrics-billing-${run.id}"
    arn          = "arn:aws:rds:eu-west-2:${local.account}:db:metrics-billing-${run.id}"
    host         = "metrics-billing-${run.id}.${local.rds_suffix["eu-west-2"]}"
    before       = local.host
    # Made beforehand in both regions: the first lets the tunnel of the workers in, the second nobody.
    security_group = "sg-0b1111111111111e2"
    closed_group   = "sg-0c1111111111111e2"
    copy_region    = "eu-central-1" # eu-west-1 is gone
  }
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  recover   = [procedure.access, procedure.checkout, procedure.platform]
  commander = contact.on_call
}

# The reconciliation runs every 30 minutes and takes 5: wrong data is noticed within 40.
scenario "data-corruption" {
  description = "The database works and what is in it is wrong."
  symptoms = [
    "The reconciliation finds a difference",
    "A customer sees an invoice that is wrong",
  ]
  detection = "40m"
  lose "data" {
    datastore      = datastore.database
    noticed_within = "40m"
  }
  target {
    repository     = local.repository
    environment    = "production"
    api            = "api.metricsbilling.example"
    events         = "metrics-billing-events"
    region         = "eu-west-1"
    instance       = "metrics-billing-${run.id}"
    arn            = "arn:aws:rds:eu-west-1:${local.account}:db:metrics-billing-${run.id}"
    host           = "metrics-billing-${run.id}.${local.rds_suffix["eu-west-1"]}"
    before         = local.host
    security_group = "sg-0a1111111111111e1"
    closed_group   = "sg-0d1111111111111e1"
    copy_region    = "eu-west-2"
  }
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  recover   = [procedure.access, procedure.checkout, procedure.corruption]
  commander = contact.on_call
}

# Nothing is lost while payments stand still: Razorpay keeps them, and they are fetched from there.
scenario "payment-processing-failure" {
  description = "Payments are made and do not arrive."
  symptoms = [
    "Invoices that are paid at Razorpay stay open",
    "No webhook for 15 minutes in the daytime",
  ]
  detection = "20m"
  lose "service" {
    service = service.payments
  }
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  target {
    repository = local.repository
    mode       = "live"
    host       = local.host
  }
  recover   = [procedure.access, procedure.checkout, procedure.payments]
  commander = contact.on_call
}

scenario "workers-broken" {
  description = "A deployment has broken the workers."
  symptoms    = ["api.metricsbilling.example/health answers 500 after a deployment"]
  detection   = "5m"
  lose "service" {
    service = service.workers
  }
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  target {
    repository  = local.repository
    environment = "production"
    api         = "api.metricsbilling.example"
  }
  recover   = [procedure.checkout, procedure.workers]
  commander = contact.on_call
}

scenario "queue-stuck" {
  description = "Messages are not processed, or are in the dead-letter queue."
  symptoms = [
    "The backlog of the queue is older than 10 minutes",
    "There are messages in the dead-letter queue",
  ]
  detection = "15m"
  lose "service" {
    service = service.queue
  }
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  target {
    repository   = local.repository
    events       = "metrics-billing-events" # the queue, and the bucket that keeps what goes into it
    dead_letters = "metrics-billing-dead"
    host         = local.host
  }
  recover   = [procedure.access, procedure.checkout, procedure.queue]
  commander = contact.on_call
}
