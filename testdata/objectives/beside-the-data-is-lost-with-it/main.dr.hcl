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
  to "disk" {
    site = site.rack
  }
}
backup "nowhere" {
  of = datastore.orders
  external {
    schedule = rate("1h")
    takes    = "1m"
  }
}
backup "somewhere" {
  of = datastore.orders
  external {
    schedule = rate("1h")
    takes    = "1m"
  }
  to "disk" {
    path = "/srv/backups"
  }
}
