datastore "db" {
  site = site.rack
}
site "rack" {
}
procedure "back" {
  step "drop" {
    run = ["dropdb", "shop"]
    destroys = [datastore.db]
  }
  step "look" {
    run = ["look"]
    after = [step.drop]
    checks = "backup"
  }
}
