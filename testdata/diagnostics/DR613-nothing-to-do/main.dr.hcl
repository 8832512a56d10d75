site "host" {}
datastore "orders" {
  site = site.host
}
scenario "gone" {
  lose "datastore" {
    datastore = datastore.orders
  }
}
