datastore "orders" {
  size = "180G"
}
