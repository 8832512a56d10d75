# What is left out though nothing says so: a restore whose command goes where it always goes, one under the name that
# production would take, looks at what is in use, and waiting for what is not done.
site "rack" {
}

site "attic" {
}

contact "lead" {
  role = "lead"
  via  = "pager"
}

datastore "orders" {
  site = site.rack
}

datastore "stock" {
  site = site.rack
}

datastore "log" {
  site = site.rack
}

backup "orders" {
  of = datastore.orders
  external {
    schedule = cron("0 2 * * *", "UTC")
    takes    = "10m"
    keep     = "30d"
    restore  = ["restore-orders", "--here"]
  }
  to "attic" {
    site = site.attic
  }
}

backup "stock" {
  of = datastore.stock
  external {
    schedule = cron("0 2 * * *", "UTC")
    takes    = "10m"
    keep     = "30d"
    restore  = ["restore-stock", "stock_back"]
  }
  to "attic" {
    site = site.attic
  }
}

backup "log" {
  of = datastore.log
  pgbackrest {
    full          = cron("0 2 * * *", "UTC")
    archive_every = "1m"
    keep_full     = "30d"
    keep_log      = "7d"
    takes         = "10m"
    stanza        = "log"
  }
  to "attic" {
    site = site.attic
  }
}

procedure "back" {
  step "tell" {
    manual   = "Tell the public."
    why      = "It is about words."
    owner    = contact.lead
    estimate = "1m"
    drill    = "skip"
  }
  step "fetch" {
    run      = ["fetch-dump", "newest"]
    estimate = "1m"
    drill    = "run"
  }
  step "orders" {
    after    = [step.fetch]
    restore  = datastore.orders
    into     = target.database
    estimate = "20m"
  }
  step "stock" {
    after    = [step.fetch]
    restore  = datastore.stock
    into     = "stock_back"
    estimate = "20m"
  }
  # The command says where to.
  step "log" {
    after    = [step.fetch]
    restore  = datastore.log
    into     = "/srv/log-${run.id}"
    estimate = "20m"
  }
  step "ask" {
    after    = [step.orders, step.stock, step.log]
    manual   = "Ask shop-production what it sees."
    why      = "It is about people."
    owner    = contact.lead
    estimate = "1m"
  }
  step "point_dns" {
    after    = [step.ask]
    run      = ["dns", "point", "shop.example"]
    estimate = "1m"
  }
  step "everywhere" {
    after    = [step.point_dns]
    wait     = "5m"
    estimate = "5m"
  }
  step "outside" {
    after = [step.everywhere]
    http {
      url = "https://shop.example/health"
    }
    estimate = "1m"
  }
  step "inside" {
    after = [step.ask]
    http {
      url = "https://${target.host}/health"
    }
    estimate = "1m"
  }
}

scenario "fire" {
  lose "site" {
    site = site.rack
  }
  target {
    app      = "shop-production"
    host     = "shop.internal"
    database = "orders_${run.id}"
  }
  recover = [procedure.back]
}

drill "quarterly" {
  scenario = scenario.fire
  every    = "90d"
  target {
    app      = "shop-drill"
    host     = "drill.shop.internal"
    database = "drill_${run.id}"
  }
}
