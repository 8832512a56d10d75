datastore "orders" {
}
backup "proven-twice" {
  of = datastore.orders
  pg_dump {
    schedule = rate("6h")
  }
  verify {
    every = "7d"
    sql   = "SELECT 1"
    run   = ["true"]
  }
}
