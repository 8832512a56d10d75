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
  restic {
    schedule = on("deployment", "30d")
    takes    = "1m"
  }
  to "vault" {
    site = site.vault
  }
}
backup "sealed" {
  of = datastore.orders
  restic {
    schedule = rate("1h")
    takes    = "1m"
  }
  encryption {
    key = site.rack
  }
  to "vault" {
    site = site.vault
  }
}
