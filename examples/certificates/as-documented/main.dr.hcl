# A system that keeps certificates and invoices, as its disaster recovery document describes it, nothing
# added: what the document does not say is not set. `§` names the section that a block is written from.

# §Backup Strategy, Database Backups: "PostgreSQL". Where it runs is not said.
#
# It has no `backup`. Daily backups, point-in-time recovery, off-site storage and encryption are
# "(future)"; "Current" are dumps by hand, whose command and times nobody wrote down. The retention of 30
# days is that of the future backups.
datastore "database" {
  engine = "postgresql"
}

# §Backup Strategy, Certificate Backups: "Certificates on filesystem". Their path is not said.
#
# It has no `backup` either: "Backup to secure storage (future)"; "Current" are copies by hand.
datastore "certificates" {
  engine = "files"
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
