service "shop" {
  data = [datastore.orders]
  objective {
    rpo = "5m"
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
backup "deployed" {
  of = datastore.orders
  pg_dump {
    schedule = on("deployment")
    takes    = "1m"
  }
  to "vault" {
    site = site.vault
  }
}
