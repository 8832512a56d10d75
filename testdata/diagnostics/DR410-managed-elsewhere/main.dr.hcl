provider "postgres" {
  endpoint  = "sim"
  scheduler = "cron"
  zone      = "Europe/Berlin"
  directory = "/srv/dr"
}
datastore "main" {
}
backup "option" {
  of       = datastore.main
  provider = postgres
  pgbackrest {
    full          = cron("0 2 * * 0", "Europe/Berlin")
    archive_every = "1m"
    stanza        = "main"
    config        = "/etc/pgbackrest/pgbackrest.conf"
    options = {
      pg1-path   = "/data"
      repo1-path = "/srv"
      tls-server = "y"
    }
  }
}
backup "zone" {
  of       = datastore.main
  provider = postgres
  pg_dump {
    schedule = cron("0 2 * * 0", "UTC")
    format   = "custom"
    database = "shop"
  }
  to "disk" {
    path = "/srv/dumps"
  }
}
backup "nobodys" {
  of       = datastore.main
  provider = postgres
  pg_dump {
    schedule = cron("0 2 * * 0", "Europe/Berlin")
  }
}
backup "stanza" {
  of       = datastore.main
  provider = postgres
  pgbackrest {
    full          = cron("0 2 * * 0", "Europe/Berlin")
    archive_every = "1m"
    stanza        = "main]\n[global"
    config        = "pgbackrest.conf"
  }
}
