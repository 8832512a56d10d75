service "shop" {
  depends_on = [service.database]
  objective {
    rpo         = "10m"
    maximum_rpo = "8h"
  }
}
service "database" {
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
  objective {
    rpo = "2h"
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
