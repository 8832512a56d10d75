contact "press" {
  role  = "press officer"
  phone = "+44 20 7946 0102"
}
channel "chat" {
  run = ["sh", "-c", "printf '%s|' \"$@\" >>told", "sh"]
}
channel "dead" {
  webhook = "HOOK_THAT_IS_NOT_SET"
}
channel "paper" {
  description = "the evening paper"
  via         = "a telephone"
}
communication "public" {
  notify "support" {
    via  = channel.chat
    on   = ["started"]
    text = "--help: down for ${clock.elapsed}, $(touch hacked) \"${clock.left}\" to go"
  }
  notify "everybody" {
    via = channel.chat
    on  = ["resolved"]
  }
  notify "partners" {
    via   = channel.dead
    on    = ["started"]
    every = "30m"
  }
  notify "readers" {
    via   = channel.paper
    on    = ["started"]
    owner = contact.press
  }
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
    restore  = ["cp", "backup", "restored"]
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
  step "restore" {
    restore  = datastore.orders
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
