provider "postgres" {
  endpoint  = "sim"
  scheduler = "cron"
  directory = "/srv/dr"
}
datastore "main" {
}
backup "some" {
  count    = 2
  of       = datastore.main
  provider = postgres
  pg_dump {
    schedule = cron("0 2 * * *", "UTC")
    format   = "custom"
    database = count.index == 0 ? null : "shop"
  }
  to "disk" {
    path = "/srv/dumps"
  }
}
backup "quoted" {
  for_each = toset(["a\"b"])
  of       = datastore.main
  provider = postgres
  pg_dump {
    schedule = cron("0 2 * * *", "UTC")
    format   = "custom"
    database = "shop"
  }
  to "disk" {
    path = "/srv/dumps"
  }
}
