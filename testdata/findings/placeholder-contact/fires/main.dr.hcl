contact "cto" {
  role  = "[CTO Name]"
  phone = "[phone]"
}
contact "dba" {
  role = "database administrator"
}

channel "page" {
  description = "the status page"
}

channel "pager" {
  run = ["page", "<team>"]
  url = "https://pager.example"
}
