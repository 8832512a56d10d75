site "host" {}
site "vault" {}
datastore "orders" {
  site = site.host
}
backup "dump" {
  of = datastore.orders
  external {
    schedule = cron("0 2 * * *", "UTC")
    restore  = ["true"]
  }
  to "vault" {
    site = site.vault
  }
}
scenario "gone" {
  lose "datastore" {
    datastore = datastore.orders
  }
}
