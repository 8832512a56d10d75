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
backup "dump" {
  of = datastore.orders
  external {
    schedule = aws_cron("0 0 1 1 ? 2020")
    takes    = "1m"
  }
  to "vault" {
    site     = site.vault
    transfer = "5m"
  }
}
