datastore "db" {
  site = site.rack
}
site "rack" {
}
procedure "back" {
  step "fetch" {
    run = ["fetch"]
  }
  step "restore" {
    shell = "gunzip -c dump.sql.gz | psql shop"
    after = [step.fetch]
  }
  step "look" {
    run    = ["look"]
    checks = "data"
  }
}
