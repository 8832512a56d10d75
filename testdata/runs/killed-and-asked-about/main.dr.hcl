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
  step "pay" {
    description = "a step that must not be done twice"
    run         = ["sh", "-c", "echo done >>effects; kill -9 $PPID"]
    estimate    = "1m"
  }
  step "look" {
    description = "a look that is safe to repeat"
    after       = [step.pay]
    run         = ["true"]
    checks      = "data"
    estimate    = "1m"
  }
}
