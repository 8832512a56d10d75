datastore "orders" {
}
backup "twice" {
  of = datastore.orders
  pg_dump {
    schedule = rate("6h")
  }
  restic {
    schedule = rate("6h")
  }
}
backup "not-at-all" {
  of = datastore.orders
}
