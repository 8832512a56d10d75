site "rack" {
  within = site.building
}
site "building" {
  region = "eu-west-1"
}
contact "dba" {
  role         = "database administrator"
  escalates_to = contact.nobody
}
datastore "orders" {
  site     = site.rack
  resource = toy_vault.a
}
datastore "cache" {
  site        = "site.rack"
  rebuildable = "perhaps"
}
backup "nightly" {
  of = datastore.cache
  external {
    schedule = cron("0 2 * * *", "UTC")
  }
  to "disk" {
    site     = datastore.cache
    transfer = "soon"
  }
}
service "shop" {
  priority   = "urgent"
  depends_on = [service.shop, datastore.cache]
  recover    = procedure.back
  objective {
    rto = "1h"
  }
}
procedure "back" {
  step "stop" {
    run = ["stop", "shop"]
  }
  step "restore" {
    after   = [step.stopp]
    restore = datastore.cache
    from    = backup.nightly
  }
}
procedure "twice" {
  step "a" {
    run    = ["a"]
    manual = "a"
  }
}
procedure "circle" {
  step "a" {
    run   = ["a"]
    after = [step.b]
  }
  step "b" {
    run   = ["b"]
    after = [step.a]
  }
}
procedure "same" {
  step "a" {
    run = ["a"]
  }
  step "a" {
    wait = "5m"
  }
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
  lose "site" {
    site           = site.building
    noticed_within = "1d"
  }
  lose "moon" {
    name = "luna"
  }
}
procedure "late" {
  step "tell" {
    run      = ["tell"]
    downtime = false
  }
  step "open" {
    run   = ["open"]
    after = [step.tell]
  }
}
