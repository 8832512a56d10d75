# Who leads and who is called. Names, numbers and addresses are as the runbook has them: placeholders.

# §Recovery Team: [CTO Name]. §Internal Communication: the CEO is next for critical incidents.
contact "incident_commander" {
  role         = "Incident Commander, CTO"
  phone        = "[phone]"
  email        = "[email]"
  escalates_to = contact.ceo
}

# §Internal Communication: Escalation.
contact "ceo" {
  role = "CEO"
}

# §Recovery Team: [Senior DevOps].
contact "technical_lead" {
  role  = "Technical Lead, Senior DevOps Engineer"
  phone = "[phone]"
  email = "[email]"
}

# §Internal Communication: Communications.
contact "communications" {
  role = "Communications, Marketing Team"
}

# §External Communication: Media Relations.
contact "media_relations" {
  role = "Media Relations, PR team"
}

# §Recovery Team: [DBA Name].
contact "database_admin" {
  role  = "Database Admin"
  phone = "[phone]"
  email = "[email]"
}

# §Recovery Team: [Infra Team].
contact "infrastructure" {
  role  = "Infrastructure"
  phone = "[phone]"
  email = "[email]"
}

# §External Contacts.
contact "aws_support" {
  role = "AWS Support"
  via  = "[Support Case ID]"
}

# §External Contacts.
contact "fly_support" {
  role = "Fly.io Support"
  via  = "[Support Case ID]"
}

# §External Contacts.
contact "vercel_support" {
  role = "Vercel Support"
  via  = "[Support Case ID]"
}

# §External Contacts.
contact "dns_provider" {
  role = "DNS Provider"
  via  = "[Provider Contact]"
}
