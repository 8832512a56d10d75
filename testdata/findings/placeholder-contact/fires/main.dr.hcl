contact "cto" {
  role  = "[CTO Name]"
  phone = "[phone]"
}
contact "dba" {
  role = "database administrator"
}
