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
    before "count" {
      run   = ["cat", "scale.json"]
      value = jsondecode(self.output).count
    }
    run      = ["cp", "/dev/null", "scale.json"]
    undo     = ["sh", "-c", "echo \"count was $0\" >scale.json", self.before.count]
    estimate = "1m"
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
}
