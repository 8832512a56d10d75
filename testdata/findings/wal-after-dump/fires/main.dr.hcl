datastore "db" {
  site = site.rack
}
site "rack" {
}
procedure "back" {
  step "load" {
    run = ["pg_restore", "--dbname", "shop", "dump"]
  }
  step "replay" {
    manual = "Apply the WAL files to the target time."
    why    = "x"
    owner  = contact.dba
    after  = [step.load]
  }
  step "look" {
    run    = ["look"]
    after  = [step.replay]
    checks = "data"
  }
}
contact "dba" {
  role = "DBA"
  via  = "#dba"
}
