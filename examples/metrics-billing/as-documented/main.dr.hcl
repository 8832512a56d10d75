# The Metrics Billing Platform as its disaster recovery document describes it, nothing added: what the
# document does not say is not set. `§` names the section that a block is written from.

# The document says neither region nor name of the database: these, and `sim.json`, are the simulation's.
# `endpoint = "sim"`: nothing real is read or changed.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

# §Recovery Procedures, Database Recovery, 4: "Update RDS_HOST in Cloudflare", "Redeploy workers"
site "cloudflare" {
  description = "Cloudflare, where the workers run"
}

# §Payment Processing Failure, 1: "Check Razorpay status"
site "razorpay" {
  description = "Razorpay, which takes the payments"
}

# §Backup Strategy, Database Backups: daily automated backups, point-in-time recovery within 7 days. The
# window is not said.
resource "aws_db_instance" "main" {
  db_instance_identifier  = "metrics-billing"
  backup_retention_period = 7
}

# §Backup Strategy, Database Backups
datastore "database" {
  resource = aws_db_instance.main
}

# §Backup Strategy, Database Backups: "RDS automated backups (daily)", "7 days of daily backups". They are what
# §Recovery Procedures, Database Recovery, 2 restores from ("Restore from RDS snapshot"), with its command;
# `new-instance` and `snapshot-name` stand in the document. They stay with the instance: nothing says of a copy.
backup "daily" {
  of = datastore.database
  external {
    schedule = rate("24h")
    keep     = "7d"
    restore = [
      "aws", "rds", "restore-db-instance-from-db-snapshot",
      "--db-instance-identifier", "new-instance",
      "--db-snapshot-identifier", "snapshot-name",
    ]
  }
}

# §Backup Strategy, Data Exports: "Regular exports of critical data": organisations and projects, API keys
# (hashed), pricing rules, invoice templates. By what they are made, how long they are kept and where is not
# said, nor how often "regular" is; no procedure restores from them.
backup "exports" {
  of   = datastore.database
  part = "organisations and projects, API keys (hashed), pricing rules, invoice templates"
  external {
    schedule = on("regular exports")
  }
}

# §Queue Recovery: the backlog and the dead-letter queue. What protects them is not said.
datastore "queue" {
}

# §Recovery Time Objectives: "RTO: 4 hours", "RPO: 1 hour", of the platform as a whole
service "platform" {
  description = "Metrics Billing Platform"
  depends_on  = [service.workers, service.queue, service.payments]
  data        = [datastore.database]
  recover     = procedure.recover_database

  objective {
    rto = "4h"
    rpo = "1h"
  }
}

# §Worker Recovery. Of the health endpoint no address is given.
service "workers" {
  description = "Workers: API and cron jobs"
  data        = [datastore.database]
  site        = site.cloudflare
  recover     = procedure.recover_workers
}

# §Queue Recovery
service "queue" {
  data    = [datastore.queue]
  recover = procedure.recover_queue
}

# §Payment Processing Failure
service "payments" {
  description = "Payments, by Razorpay and its webhook"
  site        = site.razorpay
  recover     = procedure.recover_payments
}
