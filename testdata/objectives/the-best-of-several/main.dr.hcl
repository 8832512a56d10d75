service "shop" {
  data = [datastore.orders]
  objective {
    rpo = "1h"
  }
}
datastore "orders" {
  site = site.rack
}
site "rack" {
}
site "vault" {
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
}
backup "slow" {
  of = datastore.orders
  external {
    schedule = cron("0 2 * * *", "Europe/Berlin")
    takes    = "1h"
  }
  to "vault" {
    site     = site.vault
    transfer = "5m"
  }
}
backup "fast" {
  of = datastore.orders
  external {
    schedule = rate("30m")
    takes    = "1m"
  }
  to "vault" {
    site     = site.vault
    transfer = "5m"
  }
}
