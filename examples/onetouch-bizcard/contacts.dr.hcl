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
