service "shop" {
  depends_on = [service.database]
  objective {
    rto = "32m"
  }
}
service "database" {
  site = site.rack
}
site "rack" {
}
scenario "fire" {
  recover = [procedure.all]
  lose "site" {
    site = site.rack
  }
}
procedure "all" {
  step "one" {
    run      = ["one"]
    estimate = "10m"
  }
  step "two" {
    run          = ["two"]
    estimate     = "5m"
    estimate_p95 = "30m"
  }
  step "three" {
    after    = [step.one, step.two]
    run      = ["three"]
    estimate = "1m"
  }
}
