service "shop" {
  data = [datastore.orders]
  objective {
    rpo = "1d"
  }
}
datastore "orders" {
  site = site.rack
}
site "rack" {
  within = site.hall
}
site "hall" {
  region = "eu-west-1"
}
site "vault" {
}
scenario "outage" {
  lose "region" {
    name = "eu-west-1"
  }
}
backup "dump" {
  of = datastore.orders
  external {
    schedule = rate("6h")
    takes    = "18m"
  }
  to "disk" {
    site = site.rack
  }
}
backup "far" {
  of = datastore.orders
  external {
    schedule = rate("20h")
    takes    = "1h"
  }
  to "vault" {
    site     = site.vault
    transfer = "5m"
  }
}
