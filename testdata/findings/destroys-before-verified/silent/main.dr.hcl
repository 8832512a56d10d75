datastore "db" {
  site = site.rack
}
site "rack" {
}
procedure "back" {
  step "look" {
    run = ["look"]
    checks = "backup"
  }
  step "stop" {
    run = ["stop"]
    after = [step.look]
  }
  step "drop" {
    run = ["dropdb", "shop"]
    after = [step.stop]
    destroys = [datastore.db]
  }
}
datastore "sessions" {
  rebuildable = true
}
procedure "flush" {
  step "flush" {
    run      = ["redis-cli", "FLUSHALL"]
    destroys = [datastore.sessions]
  }
}
