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
backup "files" {
  of = datastore.orders
  copy {
    schedule = cron("0 2 * * *", "UTC")
    takes    = "10m"
  }
  to "vault" {
    site = site.vault
  }
}
backup "versions" {
  of = datastore.orders
  copy {
    schedule = cron("0 3 * * 0", "UTC")
    takes    = "10m"
    keep     = "30d"
  }
  to "vault" {
    site = site.vault
  }
}
scenario "wrong" {
  lose "data" {
    datastore      = datastore.orders
    noticed_within = "1h"
  }
}
