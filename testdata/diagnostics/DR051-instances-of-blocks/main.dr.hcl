datastore "orders" {
  for_each = toset(["eu", "us"])
}
datastore "photos" {
}
service "shop" {
  data = [datastore.orders, datastore.photos["eu"], datastore.orders[each.key]]
}
