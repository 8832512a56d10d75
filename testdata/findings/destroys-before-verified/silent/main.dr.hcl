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
