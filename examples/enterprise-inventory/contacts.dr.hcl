# Who is called, and who is next. The numbers are of the range kept for fiction.

contact "on_call_engineer" {
  role            = "On-Call Engineer"
  via             = "PagerDuty schedule \"inventory\""
  phone           = "+44 20 7946 0101"
  escalates_to    = contact.devops_lead
  escalates_after = "10m"
}

contact "devops_lead" {
  role            = "DevOps Lead"
  phone           = "+44 20 7946 0102"
  escalates_to    = contact.vp_engineering
  escalates_after = "15m"
}

contact "database_admin" {
  role            = "Database Admin"
  phone           = "+44 20 7946 0103"
  escalates_to    = contact.devops_lead
  escalates_after = "10m"
}

contact "vp_engineering" {
  role            = "VP Engineering"
  phone           = "+44 20 7946 0104"
  email           = "vp-engineering@inventory.example"
  escalates_to    = contact.cto
  escalates_after = "30m"
}

contact "cto" {
  role  = "CTO"
  phone = "+44 20 7946 0105"
  email = "cto@inventory.example"
}

contact "railway_support" {
  role  = "Railway Support"
  email = "support@railway.app"
}
