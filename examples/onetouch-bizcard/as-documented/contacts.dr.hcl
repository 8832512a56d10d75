# Who is called, and who is next. Numbers are as the runbook has them: placeholders.

# §Level 1: initial response, follows the runbook. §On-Call Rotation.
contact "on_call" {
  role = "On-Call Engineer"
  via  = "PagerDuty schedule"
}

# §Level 2. Nothing says how this person is reached.
contact "senior_engineer" {
  role = "Senior Engineer"
}

# §Level 3, §Key Contacts.
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

# §Escalation Procedures. When one escalates is said in words; of the times only that of an extended outage.
escalation "procedures" {
  description = "Escalation Procedures"
  # §Level 1: Initial response; follow runbook procedures; escalate if needed
  level "1" {
    contacts = [contact.on_call]
  }
  # §Level 2: escalates to level 3 if needed
  level "2" {
    contacts = [contact.senior_engineer]
    when     = "complex issues, multiple system failures"
  }
  # §Level 3: Extended outage (> 2 hours)
  level "3" {
    contacts = [contact.engineering_manager, contact.cto]
    after    = "2h"
    when     = "critical business impact, data loss scenarios"
    via      = channel.phone
  }
}
