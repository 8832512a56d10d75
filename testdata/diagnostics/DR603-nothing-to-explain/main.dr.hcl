service "shop" {
  site = site.rack
  objective {
    rto = "1h"
    rpo = "1h"
  }
  data = [datastore.orders]
}
datastore "orders" {
  site = site.rack
}
site "rack" {
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
}
