service "shop" {
  data = [datastore.orders]
  objective {
    rpo = "1h"
  }
}
datastore "orders" {
  site        = site.rack
  rebuildable = true
}
site "rack" {
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
}
