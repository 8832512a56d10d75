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
