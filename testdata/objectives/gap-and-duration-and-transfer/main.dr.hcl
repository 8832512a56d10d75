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
    schedule = rate("6h")
    takes    = "18m"
  }
  to "vault" {
    site     = site.vault
    transfer = "5m"
  }
}
