# Who is called, and who is next. Numbers are as the runbook has them: placeholders.

# §Level 1: initial response, follows the runbook, escalates if needed. §On-Call Rotation.
contact "on_call" {
  role         = "On-Call Engineer"
  via          = "PagerDuty schedule"
  escalates_to = contact.senior_engineer
}

# §Level 2: complex issues, multiple system failures. Level 3 is the engineering manager and the CTO; one
# of the two can be named.
contact "senior_engineer" {
  role         = "Senior Engineer"
  escalates_to = contact.engineering_manager
}

# §Level 3: critical business impact, outage of more than 2 hours, data loss. §Key Contacts.
contact "engineering_manager" {
  role  = "Engineering Manager"
  phone = "[phone]"
}

# §Level 3, §Key Contacts.
contact "cto" {
  role  = "CTO"
  phone = "[phone]"
}

# §Key Contacts.
contact "devops_lead" {
  role  = "DevOps Lead"
  phone = "[phone]"
}

# §Key Contacts.
contact "database_admin" {
  role  = "Database Admin"
  phone = "[phone]"
}

# §External Vendors.
contact "aws_support" {
  role  = "AWS Support"
  phone = "[phone/ticket]"
}

# §External Vendors.
contact "database_hosting" {
  role  = "Database Hosting"
  phone = "[phone/ticket]"
}

# §External Vendors.
contact "cdn_provider" {
  role  = "CDN Provider"
  phone = "[phone/ticket]"
}
