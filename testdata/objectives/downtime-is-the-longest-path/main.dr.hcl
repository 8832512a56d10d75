service "shop" {
  depends_on = [service.database]
  recover    = procedure.shop
  objective {
    rto = "1h"
  }
}
service "database" {
  recover = procedure.database
  site    = site.rack
}
site "rack" {
}
scenario "fire" {
  detection = "15m"
  lose "site" {
    site = site.rack
  }
}
procedure "shop" {
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
procedure "database" {
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
