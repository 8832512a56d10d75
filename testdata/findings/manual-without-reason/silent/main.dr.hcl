contact "dba" {
  role = "DBA"
  via  = "#dba"
}
procedure "back" {
  step "call" {
    manual = "Call the bank."
    why    = "the bank has no API"
    owner  = contact.dba
  }
  step "go" {
    run = ["go"]
  }
}
