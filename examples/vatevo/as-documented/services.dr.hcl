# §RTO/RPO Targets: what was promised. The addresses are those of §Complete Platform Recovery, step 4.

# §RTO/RPO Targets. That it needs the database is in §Full Database Restore, which stops it first, and in the
# address of the database's health; that it needs the invoices in §Cross-Region Failover.
service "api" {
  description = "API"
  priority    = "critical"
  depends_on  = [service.database]
  data        = [datastore.invoices]
  site        = site.data_center
  recover     = procedure.partial_service_recovery
  objective {
    rto = "1h"
    rpo = "5m"
  }
  health {
    http = "https://api.vatevo.com/health/ready"
  }
}

# §RTO/RPO Targets.
service "database" {
  description = "Database"
  priority    = "critical"
  data        = [datastore.postgres]
  site        = site.data_center
  objective {
    rto = "1h"
    rpo = "5m"
  }
  health {
    http = "https://api.vatevo.com/health/db"
  }
}

# §RTO/RPO Targets. Where it runs is not written; §External Contacts has Vercel's support.
service "marketing_site" {
  description = "Marketing Site"
  priority    = "high"
  objective {
    rto = "2h"
    rpo = "1h"
  }
  health {
    http = "https://vatevo.com"
  }
}

# §RTO/RPO Targets. Where it runs is not written.
service "dashboard" {
  description = "Dashboard"
  priority    = "high"
  objective {
    rto = "2h"
    rpo = "1h"
  }
  health {
    http = "https://dashboard.vatevo.com"
  }
}

# §RTO/RPO Targets. Where it runs and how one sees that it works is not written.
service "documentation" {
  description = "Documentation"
  priority    = "medium"
  objective {
    rto = "4h"
    rpo = "1h"
  }
}
