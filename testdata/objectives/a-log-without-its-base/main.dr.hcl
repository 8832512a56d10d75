service "shop" {
  data = [datastore.orders]
  objective {
    rpo = "5m"
  }
}
datastore "orders" {
  site = site.rack
}
site "rack" {
}
site "vault" {
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
}
backup "wal" { # a base lives shorter than until the next one is done
  of = datastore.orders
  pgbackrest {
    full          = cron("0 2 * * 0", "UTC")
    archive_every = "1m"
    keep_full     = "7d"
    keep_log      = "7d"
    takes         = "40m"
  }
  to "vault" {
    site = site.vault
  }
}
