contact "on_call" {
  role = "on call"
  via  = "pager"
}

escalation "engineering" {
  level "1" {
    contacts = [contact.on_call]
    after    = "15m"
  }
  level "2" {
    contacts = [contact.on_call]
    after    = "5m"
  }
}
