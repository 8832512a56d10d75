datastore "orders" {
  for_each = toset(["eu", "us"])
}
service "shop" {
  data = [datastore.orders["eu"], datastore.orders["es"]]
}
