# A system that keeps certificates and invoices, as its disaster recovery document describes it, nothing
# added: what the document does not say is not set. `§` names the section that a block is written from.

# §Backup Strategy, Database Backups: "PostgreSQL". Where it runs is not said.
#
# Daily backups, point-in-time recovery, off-site storage and encryption are "(future)", and so is the retention
# of 30 days.
datastore "database" {
  engine = "postgresql"
}

# §Database Backups, Current: "Manual backup procedures", "Database dump commands", which are not given, nor when
# somebody does it. No `to`: §Current Implementation Status has "Off-site backup storage" among what is "not
# currently implemented". §Testing, Backup Testing: "Monthly backup verification", "Quarterly restore testing".
backup "dump" {
  of = datastore.database
  pg_dump {
    schedule = on("somebody makes one")
  }
  verify {
    every  = "30d"
    proves = "readable"
  }
  verify {
    every  = "90d"
    proves = "restored"
  }
}

# §Backup Strategy, Certificate Backups: "Certificates on filesystem". Their path is not said.
#
datastore "certificates" {
  engine = "files"
}

# §Certificate Backups, Current: "Manual backup procedures", "Certificate file backup", again without a time. No
# `to`: "Backup to secure storage (future)". §Testing, Backup Testing is as above.
backup "certificates" {
  of = datastore.certificates
  copy {
    schedule = on("somebody makes one")
  }
  verify {
    every  = "30d"
    proves = "readable"
  }
  verify {
    every  = "90d"
    proves = "restored"
  }
}

# §Backup Strategy, Log Backups: "Application logs: Container logs". Invoice and audit logs are in the
# database. No `backup`: "Application logs to centralized storage (future)", "Log archival (future)".
datastore "application_logs" {
  engine = "files"
}

# §RTO Targets, Database Recovery: "< 30 minutes"; §RPO Targets, Data Loss: "< 1 hour".
service "database" {
  data    = [datastore.database]
  recover = procedure.restore_database

  objective {
    rto = "30m"
    rpo = "1h"
  }
}

# §RTO Targets, Certificate Recovery: "< 15 minutes"; §RPO Targets, Data Loss: "< 1 hour".
# §Certificate Backups: "Certificate metadata in database".
service "certificates" {
  depends_on = [service.database]
  data       = [datastore.certificates]
  recover    = procedure.restore_certificates

  objective {
    rto = "15m"
    rpo = "1h"
  }
}

# §RTO Targets, Application Recovery: "< 5 minutes". Database Recovery has "Application reconnection": it
# does not work without the database. Of the health checks no address is given.
service "application" {
  depends_on = [service.database]
  recover    = procedure.recover_application

  objective {
    rto = "5m"
  }
}
