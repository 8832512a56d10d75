# Who does what a machine cannot, and who is next. The numbers are of the range kept for fiction.

contact "on_call" {
  role            = "On-call engineer"
  via             = "the rota \"billing-primary\""
  phone           = "+44 20 7946 0101"
  escalates_to    = contact.database_owner
  escalates_after = "15m"
}

contact "database_owner" {
  role            = "Owner of the database"
  phone           = "+44 20 7946 0102"
  escalates_to    = contact.engineering_manager
  escalates_after = "30m"
}

contact "engineering_manager" {
  role  = "Engineering manager"
  phone = "+44 20 7946 0103"
  email = "engineering-manager@metricsbilling.example"
}

contact "support_lead" {
  role  = "Head of customer support"
  phone = "+44 20 7946 0104"
  email = "support@metricsbilling.example"
}
