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
scenario "corruption" {
  lose "datastore" {
    datastore = datastore.orders
  }
  recover = [procedure.back]
}
procedure "back" {
  step "restore" {
    restore  = datastore.orders
    from     = backup.daily
    estimate = "20m"
  }
}
backup "daily" {
  of = datastore.orders
  external {
    schedule = rate("1d")
    takes    = "10m"
  }
  to "vault" {
    site     = site.vault
    transfer = "5m"
  }
}
backup "wal" {
  of = datastore.orders
  external {
    schedule = "continuous"
    takes    = "1m"
  }
  to "vault" {
    site     = site.vault
    transfer = "5m"
  }
}
