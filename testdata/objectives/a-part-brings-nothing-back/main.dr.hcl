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
    site = site.vault
  }
}
backup "prices" {
  of   = datastore.orders
  part = "the tables of the prices"
  external {
    schedule = rate("1h")
    takes    = "1m"
  }
  to "vault" {
    site = site.vault
  }
}
