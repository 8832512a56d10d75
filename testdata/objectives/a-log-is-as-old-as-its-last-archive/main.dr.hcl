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
backup "wal" {
  of = datastore.orders
  pgbackrest {
    full          = cron("0 2 * * 0", "UTC")
    differential  = cron("0 2 * * 1-6", "UTC")
    archive_every = "1m"
    keep_full     = "30d"
    keep_log      = "7d"
    takes         = "40m"
  }
  to "vault" {
    site     = site.vault
    transfer = "30s"
  }
}
scenario "wrong-since-a-day" {
  lose "data" {
    datastore      = datastore.orders
    noticed_within = "1d"
  }
}
scenario "wrong-for-longer-than-the-log" {
  lose "data" {
    datastore      = datastore.orders
    noticed_within = "8d"
  }
}
scenario "wrong-for-longer-than-anything" {
  lose "data" {
    datastore      = datastore.orders
    noticed_within = "31d"
  }
}
