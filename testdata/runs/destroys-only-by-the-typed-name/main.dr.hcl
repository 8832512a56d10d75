contact "dba" {
  role  = "DBA"
  phone = "+44 20 7946 0101"
}
site "host" {}
site "vault" {}
datastore "orders" {
  site   = site.host
  engine = "postgresql"
}
backup "dump" {
  of = datastore.orders
  external {
    schedule = cron("0 2 * * *", "UTC")
    restore  = ["sh", "-c", "cp backup restored && echo restored"]
  }
  to "vault" {
    site = site.vault
  }
}
service "shop" {
  data    = [datastore.orders]
  recover = procedure.back
  objective {
    rto = "1h"
  }
}
scenario "gone" {
  lose "datastore" {
    datastore = datastore.orders
  }
}
procedure "back" {
  step "drop" {
    description = "drop the database"
    run         = ["touch", "dropped"]
    destroys    = [datastore.orders]
    estimate    = "1m"
  }
}
