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
  step "stop" {
    description = "stop the writers"
    run         = ["touch", "stopped"]
    undo        = ["rm", "stopped"]
    estimate    = "1m"
  }
  step "restore" {
    after    = [step.stop]
    restore  = datastore.orders
    undo     = ["rm", "restored"]
    estimate = "5m"
  }
  step "look" {
    description = "see that orders came back"
    after       = [step.restore]
    run         = ["grep", "order", "restored"]
    checks      = "data"
    estimate    = "1m"
  }
  step "switch" {
    description = "send the shop there"
    after       = [step.look]
    manual      = "Point DATABASE_URL at the new one."
    why         = "the platform has no API for it"
    owner       = contact.dba
    estimate    = "2m"
  }
  step "start" {
    description = "let the writers write"
    after       = [step.switch]
    run         = ["sh", "-c", "mv stopped started"]
    estimate    = "1m"
  }
}
