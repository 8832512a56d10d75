# What may be lost: the runbook's four scenarios, two for its procedures that belonged to none, and the loss
# of Vercel. A rehearsal gives other names in `target`.

# Scenario 1. A check looks every minute for pages with wrong checksums and rows that cannot be.
scenario "database-corruption" {
  description = "Database Corruption"
  symptoms = [
    "Database health check failure",
    "api.vatevo.com/health/db says `integrity`",
  ]
  lose "data" {
    datastore      = datastore.postgres
    noticed_within = "2m"
  }
  detection = "2m"
  objective {
    rto = "1h"
    rpo = "5m"
  }
  target {
    app               = "vatevo-api"
    api_host          = "api.vatevo.com"
    database_app      = "vatevo-db"
    image             = "registry.fly.io/vatevo-db:current"
    database_host     = "${run.id}.run.kv._metadata.vatevo-db.internal"
    old_database_host = "db.vatevo-db.internal"
    region            = "cdg"
    repositories      = "1,2"
  }
  phase "assessment" {
    budget = "8m"
  }
  phase "recovery" {
    budget = "40m"
  }
  phase "verification" {
    budget = "12m"
  }
  recover   = [procedure.database_corruption]
  commander = contact.incident_commander
}

# Scenario 2, at its worst: AWS in Ireland and Fly.io in Paris at once.
scenario "regional-outage" {
  description = "Regional Outage"
  symptoms = [
    "api.vatevo.com unreachable from two networks",
    "AWS Health: eu-west-1 degraded",
  ]
  lose "region" {
    name = "eu-west-1"
  }
  lose "site" {
    site = site.fly_cdg
  }
  detection = "2m"
  objective {
    rto = "1h"
    rpo = "5m"
  }
  target {
    app               = "vatevo-api"
    api_host          = "api.vatevo.com"
    database_app      = "vatevo-db"
    image             = "registry.fly.io/vatevo-db:current"
    database_host     = "${run.id}.run.kv._metadata.vatevo-db.internal"
    old_database_host = "db.vatevo-db.internal"
    region            = "fra"
    repositories      = "2"
    lost_region       = "cdg"
  }
  phase "assessment" {
    budget = "8m"
  }
  phase "recovery" {
    budget = "40m"
  }
  phase "verification" {
    budget = "12m"
  }
  recover   = [procedure.regional_outage]
  commander = contact.incident_commander
}

# Scenario 3.
scenario "data-center-failure" {
  description = "Data Center Failure"
  symptoms = [
    "api.vatevo.com unreachable from two networks",
    "status.flyio.net: cdg down",
  ]
  lose "site" {
    site = site.fly_cdg
  }
  detection = "2m"
  objective {
    rto = "1h"
    rpo = "5m"
  }
  target {
    app               = "vatevo-api"
    api_host          = "api.vatevo.com"
    database_app      = "vatevo-db"
    image             = "registry.fly.io/vatevo-db:current"
    database_host     = "${run.id}.run.kv._metadata.vatevo-db.internal"
    old_database_host = "db.vatevo-db.internal"
    region            = "fra"
    repositories      = "1,2"
    lost_region       = "cdg"
  }
  phase "assessment" {
    budget = "8m"
  }
  phase "recovery" {
    budget = "40m"
  }
  phase "verification" {
    budget = "12m"
  }
  recover   = [procedure.data_center_failure]
  commander = contact.incident_commander
}

# Scenario 4. Whatever writes an invoice signs it, and a check looks every minute for rows that nobody did.
scenario "security-incident" {
  description = "Security Incident"
  symptoms = [
    "Security monitoring alerts",
    "api.vatevo.com/health/db says `signature`",
  ]
  lose "data" {
    datastore      = datastore.postgres
    noticed_within = "2m"
  }
  detection = "2m"
  objective {
    rto = "1h"
    rpo = "5m"
  }
  target {
    app               = "vatevo-api"
    api_host          = "api.vatevo.com"
    database_app      = "vatevo-db"
    image             = "registry.fly.io/vatevo-db:current"
    database_host     = "${run.id}.run.kv._metadata.vatevo-db.internal"
    old_database_host = "db.vatevo-db.internal"
    region            = "cdg"
    repositories      = "1,2"
  }
  phase "assessment" {
    budget = "8m"
  }
  phase "recovery" {
    budget = "40m"
  }
  phase "verification" {
    budget = "12m"
  }
  recover   = [procedure.security_incident]
  commander = contact.incident_commander
}

# §Partial Service Recovery.
scenario "api-failure" {
  description = "API Failure"
  symptoms    = ["api.vatevo.com/health/ready does not answer, and api.vatevo.com/health/db does"]
  lose "service" {
    service = service.api
  }
  detection = "2m"
  objective {
    rto = "1h"
    rpo = "5m"
  }
  target {
    app      = "vatevo-api"
    api_host = "api.vatevo.com"
    region   = "cdg"
  }
  recover   = [procedure.restart_api]
  commander = contact.on_call
}

# §Object Recovery: an invoice is wrong or gone. Its earlier versions are untouched.
scenario "lost-invoice" {
  description = "An Invoice Overwritten or Deleted"
  symptoms    = ["a user misses an invoice, or sees a wrong one, and the API works"]
  lose "service" {
    service = service.invoices
  }
  objective {
    rto = "2h"
  }
  target {
    bucket = "vatevo-invoices-prod"
  }
  recover   = [procedure.object_recovery]
  commander = contact.on_call
}

# Not in the runbook, which has Vercel among its contacts and nothing about its loss.
scenario "web-outage" {
  description = "Vercel Outage"
  symptoms    = ["dashboard.vatevo.com and vatevo.com do not answer, and api.vatevo.com/health/ready does"]
  lose "site" {
    site = site.vercel
  }
  detection = "5m"
  objective {
    rto = "2h"
    rpo = "1h"
  }
  target {
    web_app = "vatevo-web"
  }
  recover   = [procedure.web]
  commander = contact.on_call
}
