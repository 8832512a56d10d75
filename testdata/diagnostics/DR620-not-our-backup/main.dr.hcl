site "host" {}
datastore "orders" {
  site = site.host
}
backup "platform" {
  of = datastore.orders
  external {
    schedule = cron("0 2 * * *", "UTC")
  }
}
backup "script" {
  of = datastore.orders
  pg_dump {
    schedule = cron("0 2 * * *", "UTC")
  }
}
