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
scenario "corruption" {
  lose "data" {
    datastore      = datastore.orders
    noticed_within = "2d"
  }
}
backup "dump" {
  of = datastore.orders
  external {
    schedule = rate("6h")
    takes    = "18m"
    keep     = "30d"
  }
  to "vault" {
    site     = site.vault
    transfer = "5m"
  }
}
