contact "on_call" {
  role = "on call"
  via  = "pager"
}

escalation "engineering" {
  level "1" {
    contacts   = [contact.on_call]
    unanswered = "0s"
  }
}
