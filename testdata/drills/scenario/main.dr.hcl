# Commands are run where they say so, restores get the drill's name, and nobody outside is told.
site "rack" {
}

site "attic" {
}

contact "lead" {
  role = "lead"
  via  = "pager"
}

channel "status" {
  url = "https://status.shop.example"
}

datastore "orders" {
  site = site.rack
}

backup "nightly" {
  of = datastore.orders
  external {
    schedule = cron("0 2 * * *", "UTC")
    takes    = "10m"
    keep     = "30d"
    restore  = ["restore-orders"]
  }
  to "attic" {
    site = site.attic
  }
}

service "shop" {
  data    = [datastore.orders]
  site    = site.rack
  recover = procedure.back
}

procedure "back" {
  step "stop" {
    run      = ["fly", "scale", "count", "0", "--app", target.app]
    estimate = "1m"
    drill    = "run"
  }
  step "page" {
    after    = [step.stop]
    run      = ["pager", "tell", "everybody"]
    estimate = "1m"
  }
  step "restore" {
    after    = [step.page]
    restore  = datastore.orders
    into     = target.database
    estimate = "20m"
    drill    = "run"
  }
  step "count" {
    after = [step.restore]
    sql {
      database = target.database
      query    = "SELECT count(*) AS n FROM orders"
      assert   = self.rows[0].n > 0
    }
    checks   = "data"
    estimate = "1m"
  }
  step "switch" {
    after    = [step.count]
    manual   = "Let ${target.app} in ${target.region} find ${target.database}."
    why      = "The platform has no API for it."
    owner    = contact.lead
    estimate = "5m"
  }
}

scenario "fire" {
  lose "site" {
    site = site.rack
  }
  target {
    app      = "shop-production"
    region   = "cdg"
    database = "orders_${run.id}"
  }
  notify "the public" {
    via = channel.status
    on  = ["started"]
  }
}

drill "quarterly" {
  scenario = scenario.fire
  every    = "90d"
  owner    = contact.lead
  last     = "2026-01-15"
  shared   = ["region"]
  target {
    app      = "shop-drill"
    database = "drill_${run.id}"
  }
}
