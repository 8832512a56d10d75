site "host" {}
site "vault" {}
datastore "orders" {
  site = site.host
}
backup "dump" {
  of = datastore.orders
  pg_dump {
    schedule = cron("0 2 * * *", "UTC")
    format   = "custom"
    database = "orders"
  }
  to "vault" {
    site = site.vault
    path = "/nonexistent/dumps"
  }
}
