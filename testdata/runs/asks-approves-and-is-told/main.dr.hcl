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
  step "choose" {
    description = "choose the dump"
    manual      = "List the dumps and choose one."
    why         = "only a person knows which is good"
    owner       = contact.dba
    input "dump" {
      description = "The name of the file."
    }
    estimate = "5m"
  }
  step "restore" {
    description = "restore the dump"
    after       = [step.choose]
    run         = ["cp", "--", "${input.dump}", "restored"]
    approve     = contact.dba
    estimate    = "5m"
  }
  step "tell" {
    description = "write down which it was"
    after       = [step.restore]
    shell       = "echo \"from ${input.dump}\" >told"
    estimate    = "1m"
  }
}
