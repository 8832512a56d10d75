# The runbook was never followed with the platform gone: it needs the platform's console, and the only
# backup stands beside the data.
site "building" {
}

site "rack" {
  within = site.building
}

site "console" {
  description = "runs on the same platform"
  within      = site.rack
}

datastore "orders" {
  site = site.rack
}

datastore "cache" {
  site        = site.rack
  rebuildable = true
}

datastore "photos" {
  site = site.building
}

backup "nightly" {
  of = datastore.orders
  external {
    schedule = cron("0 2 * * *", "UTC")
    takes    = "30m"
  }
}

backup "tape" {
  of = datastore.photos
  external {
    schedule = cron("0 4 * * 1", "UTC")
    takes    = "1h"
  }
  to "shelf" {
    site = site.rack
  }
  to "vault" {
    region   = "eu-west-1"
    transfer = "1h"
  }
}

service "shop" {
  site    = site.rack
  data    = [datastore.orders, datastore.photos, datastore.cache]
  recover = procedure.back
  objective {
    rto = "4h"
  }
}

service "blog" {
  site = site.rack
}

procedure "back" {
  step "open" {
    manual = "Open the console and start a new machine"
    needs  = [site.console]
  }
  step "clear" {
    after    = [step.open]
    run      = ["dropdb", "orders"]
    destroys = [datastore.orders]
    estimate = "1m"
  }
  step "restore" {
    after    = [step.clear]
    restore  = datastore.orders
    estimate = "1h"
  }
}

scenario "fire" {
  lose "site" {
    site = site.building
  }
}

scenario "blaze" {
  detection = "10m"
  recover   = [procedure.back]
  lose "service" {
    service = service.shop
  }
  objective {
    rto = "4h"
  }
}
