# Who is called, and who is next. The numbers are of the range kept for fiction.

contact "on_call" {
  role            = "On-Call Engineer"
  via             = "PagerDuty schedule \"bizcard-primary\""
  phone           = "+91 20 5550 0101"
  escalates_to    = contact.senior_engineer
  escalates_after = "15m"
}

contact "senior_engineer" {
  role            = "Senior Engineer"
  via             = "PagerDuty schedule \"bizcard-secondary\""
  phone           = "+91 20 5550 0102"
  escalates_to    = contact.engineering_manager
  escalates_after = "30m"
}

contact "engineering_manager" {
  role            = "Engineering Manager"
  phone           = "+91 20 5550 0103"
  email           = "engineering-manager@onetouchbizcard.example"
  escalates_to    = contact.cto
  escalates_after = "30m"
}

contact "cto" {
  role  = "CTO"
  phone = "+91 20 5550 0104"
  email = "cto@onetouchbizcard.example"
}

contact "devops_lead" {
  role  = "DevOps Lead"
  phone = "+91 20 5550 0105"
}

contact "database_admin" {
  role  = "Database Admin"
  phone = "+91 20 5550 0106"
}

contact "aws_support" {
  role = "AWS Support"
  via  = "https://support.console.aws.amazon.com/support/home#/case/create"
}

contact "cdn_provider" {
  role = "CDN Provider"
  via  = "https://support.console.aws.amazon.com/support/home#/case/create"
}

channel "incident" {
  description = "the incident channel, which PagerDuty opens"
  url         = "https://onetouchbizcard.slack.example/incidents"
}

channel "status_page" {
  description = "the status page"
  url         = "https://status.onetouchbizcard.example"
}

channel "customers" {
  description = "mail to critical customers"
  run         = ["./scripts/mail-critical-customers.sh"]
}

# Every scenario is told in the same way.
communication "incident" {
  notify "engineering" {
    via   = channel.incident
    on    = ["started", "resolved"]
    every = "15m"
    owner = contact.on_call
  }
  notify "everybody" {
    via   = channel.status_page
    on    = ["started", "resolved"]
    every = "15m"
    text  = "We're working on restoring the service."
    owner = contact.senior_engineer
  }
  notify "critical customers" {
    via            = channel.customers
    after_downtime = "30m"
    owner          = contact.engineering_manager
  }
}

# On the server that is there for drills alone, with a PostgreSQL, a Redis and an application of its own. Of the last,
# what is about the one set of assets is left out.
drill "quarterly" {
  scenario = scenario.server-failure
  every    = "90d"
  owner    = contact.devops_lead
  last     = "2026-01-12"
  shared   = ["repository"]
  target {
    checkout = "bizcard-${run.id}"
    app      = "bizcard-drill"
    server   = "drill.onetouchbizcard.in"
    cluster  = "drill"
    data     = "/var/lib/postgresql/drill-${run.id}"
    database = "service=bizcard-drill"
  }
}

drill "database" {
  scenario = scenario.database-failure
  every    = "90d"
  owner    = contact.devops_lead
  last     = "2026-01-13"
  target {
    app      = "bizcard-drill"
    host     = "drill.onetouchbizcard.in"
    cluster  = "drill"
    data     = "/var/lib/postgresql/drill-${run.id}"
    old_data = "/var/lib/postgresql/drill"
    database = "service=bizcard-drill"
  }
}

drill "corruption" {
  scenario = scenario.data-corruption
  every    = "90d"
  owner    = contact.devops_lead
  last     = "2026-01-13"
  target {
    app      = "bizcard-drill"
    host     = "drill.onetouchbizcard.in"
    cluster  = "drill"
    data     = "/var/lib/postgresql/drill-${run.id}"
    old_data = "/var/lib/postgresql/drill"
    database = "service=bizcard-drill"
  }
}

drill "cache" {
  scenario = scenario.redis-failure
  every    = "90d"
  owner    = contact.devops_lead
  last     = "2026-01-14"
  target {
    app   = "bizcard-drill"
    host  = "drill.onetouchbizcard.in"
    redis = "drill"
  }
}

drill "images" {
  scenario = scenario.storage-issues
  every    = "90d"
  owner    = contact.devops_lead
  last     = "2026-01-14"
  target {
    bucket = "onetouch-bizcard-drill-assets"
    user   = "onetouch-bizcard-drill"
    images = "d0987654321.cloudfront.net"
  }
}

checklist "afterwards" {
  when = "after"
  items = [
    "Verify all services are operational",
    "Check data integrity",
    "Review logs for root cause",
    "Update monitoring alerts",
    "Schedule the post-mortem within 48 hours, document the timeline",
    "Update these files with lessons learned",
    "Communicate resolution to stakeholders",
    "Test the restored system under load",
  ]
  owner = contact.engineering_manager
}
