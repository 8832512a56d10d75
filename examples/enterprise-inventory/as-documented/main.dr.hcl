# The Enterprise Inventory System as its disaster recovery plan describes it, nothing added: what the
# plan does not say is not set. `§` names the section of the plan that a block is written from.

# §Disaster Scenarios, Scenario 3: "Railway/cloud provider outage". In which region it runs is not said.
site "railway" {
  description = "Railway, where the application and the database run"
}

# §Recovery Procedures, Phase 1: "Verify database connectivity". The engine is not said; §External
# Support lists PostgreSQL "if applicable".
datastore "database" {
  site = site.railway
}

# §Overview. Objectives are promised for scenarios and not for the service; of the health endpoints
# (§Monitoring & Alerting) no address is given.
service "application" {
  description = "Enterprise Inventory System"
  data        = [datastore.database]
  site        = site.railway
}

# §Prevention Measures, Regular Backups: "Automated daily backups". At what time, how long one takes
# and how long it is kept are not said. The commands are those of §Phase 3, step 1 and step 3, where
# the plan has `<backup-id>` for the point. They are Railway's, so it is Railway that keeps the backups.
# "Backup verification": what is verified and how often is not said.
backup "daily" {
  of = datastore.database

  external {
    schedule = rate("24h")
    list     = ["railway", "backups", "list"]
    restore  = ["railway", "backups", "restore", "$${point.id}"]
  }

  to "railway" {
    site = site.railway
  }

  # §Prevention Measures, Testing: "Quarterly recovery tests", 92 days at most.
  verify {
    every  = "92d"
    proves = "restored"
  }
}

# §Emergency Contacts, Technical Team. The placeholders are the plan's. Who is next when somebody does
# not answer is not said ("Escalate if needed").
contact "on_call_engineer" {
  role = "On-Call Engineer"
  via  = "[Contact]"
}

contact "database_admin" {
  role = "Database Admin"
  via  = "[Contact]"
}

contact "devops_lead" {
  role = "DevOps Lead"
  via  = "[Contact]"
}

# §Emergency Contacts, External Support.
contact "railway_support" {
  role  = "Railway Support"
  email = "support@railway.app"
}

contact "postgresql_support" {
  role = "PostgreSQL Support"
  via  = "[If applicable]"
}

# §Emergency Contacts, Management.
contact "cto" {
  role = "CTO"
  via  = "[Contact]"
}

contact "vp_engineering" {
  role = "VP Engineering"
  via  = "[Contact]"
}
