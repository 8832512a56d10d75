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

channel "status_page" {
  description = "the status page, hosted neither at Cloudflare nor at AWS"
  url         = "https://status.metricsbilling.example"
}

channel "mail" {
  description = "mail to all customers"
  via         = "customers@metricsbilling.example"
}

# Every scenario is told in the same way. Whose invoices have changed hears of it besides (`step.tell_customers`).
communication "outage" {
  notify "everybody" {
    via   = channel.status_page
    on    = ["started"]
    every = "30m"
    text  = "We are working on it. Send again what was refused: nothing is billed twice."
    owner = contact.on_call
  }
  notify "everybody" {
    via   = channel.status_page
    on    = ["resolved"]
    text  = "It works again. Send again what was refused: nothing is billed twice."
    owner = contact.on_call
  }
  notify "customers" {
    via            = channel.mail
    after_downtime = "1h"
    owner          = contact.support_lead
  }
}

checklist "afterwards" {
  when = "after"
  items = [
    "Write the times that were measured into the estimates",
    "Write what was done otherwise into the procedures",
    "Put the review on the calendar",
  ]
  owner = contact.engineering_manager
}
