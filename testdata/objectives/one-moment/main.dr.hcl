# Orders refer to payments: both are only of use when they come back to the same moment. The cache is made
# anew.
site "host" {
}


datastore "orders" {
  site  = site.host
  group = "sales"
}

datastore "payments" {
  site  = site.host
  group = "sales"
}


datastore "cache" {
  site        = site.host
  group       = "sales"
  rebuildable = true
}

backup "orders" {
  of = datastore.orders
  external {
    schedule = rate("10m")
    takes    = "1m"
    keep     = "7d"
  }
  to "cloud" {
    region = "eu-west-1"
  }
}

backup "payments" {
  of = datastore.payments
  external {
    schedule = cron("5 */6 * * *", "UTC")
    takes    = "10m"
    keep     = "7d"
  }
  to "cloud" {
    region = "eu-west-1"
  }
}

service "shop" {
  data    = [datastore.orders, datastore.payments]
  recover = procedure.shop
  objective {
    rto = "1h"
    rpo = "6h"
  }
}

procedure "shop" {
  step "orders" {
    restore  = datastore.orders
    estimate = "10m"
  }
  step "payments" {
    restore  = datastore.payments
    estimate = "20m"
  }
}

scenario "host-lost" {
  lose "site" {
    site = site.host
  }
}
