# Who is called, and who is next. The numbers are of the range kept for fiction.

contact "on_call" {
  role            = "On-Call Engineer"
  via             = "the rota \"operations\""
  phone           = "+44 20 7946 0101"
  escalates_to    = contact.lead
  escalates_after = "15m"
}

contact "lead" {
  role            = "Operations Lead"
  phone           = "+44 20 7946 0102"
  escalates_to    = contact.cto
  escalates_after = "15m"
}

contact "cto" {
  role  = "CTO"
  phone = "+44 20 7946 0103"
}
