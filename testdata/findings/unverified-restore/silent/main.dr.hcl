datastore "db" {
  site = site.rack
}
site "rack" {
}
procedure "back" {
  step "list" {
    run    = ["pg_restore", "--list", "dump"]
    checks = "backup"
  }
  step "restore" {
    run   = ["pg_restore", "--dbname", "shop", "dump"]
    after = [step.list]
  }
  step "start" {
    run   = ["start"]
    after = [step.restore]
  }
  step "look" {
    run    = ["look"]
    after  = [step.start]
    checks = "data"
  }
  step "ask" {
    run = ["psql", "-c", "select 1"]
  }
}
