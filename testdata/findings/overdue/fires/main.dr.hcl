site "rack" {}
site "cloud" {}

datastore "orders" {
  site = site.rack
}

backup "nightly" {
  of = datastore.orders
  external {
    schedule = cron("0 2 * * *", "Europe/Berlin")
    takes    = "10m"
    keep     = "30d"
  }
  to "cloud" {
    site = site.cloud
  }
  verify {
    every  = "30d"
    proves = "restored"
    last   = "2026-01-15"
  }
}

procedure "rehearse" {
  step "all" {
    run = ["./rehearse"]
  }
}

drill "quarterly" {
  procedure = procedure.rehearse
  every     = "90d"
  last      = "2025-10-01"
}
