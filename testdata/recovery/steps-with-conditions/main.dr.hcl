# Steps that are done only sometimes, or in the place of others; one procedure within another; what only the
# operator can say.
site "server" {
}

contact "ops" {
  role  = "on-call engineer"
  name  = "Ada Byron"
  phone = "+44 20 7946 0000"
}

datastore "cache" {
  site        = site.server
  rebuildable = true
}

datastore "orders" {
  engine = "postgresql"
  site   = site.server
}

backup "dump" {
  of = datastore.orders
  external {
    schedule = rate("6h")
    takes    = "10m"
    restore  = ["./restore.sh", "$${point.id}.sql.gz"]
  }
  to "offsite" {
    region = "eu-west-2"
  }
}

service "shop" {
  site = site.server
  data = [datastore.orders, datastore.cache]
  objective {
    rto = "2h"
  }
}

procedure "cache" {
  step "restart" {
    run      = ["systemctl", "restart", "redis"]
    estimate = "1m"
  }
  step "launch" {
    after      = []
    instead_of = step.restart
    when       = "the cache does not start"
    manual     = "Launch a new instance"
    why        = "the provider has no API"
    owner      = contact.ops
    estimate   = "10m"
  }
  step "point" {
    after      = [step.launch]
    instead_of = step.restart
    when       = "the cache does not start"
    shell      = "sed -i \"s|^REDIS_URL=.*|REDIS_URL=$${REDIS_URL}|\" .env"
    dir        = "/srv/the shop"
    env        = ["REDIS_URL"]
    estimate   = "1m"
  }
  step "warm" {
    after = [step.restart]
    http {
      url = "https://shop.example/warmup"
    }
    checks   = "service"
    estimate = "1m"
  }
}

procedure "database" {
  step "choose" {
    run = ["ls", "-lh", "./backups/"]
    input "file" {
      description = "the newest file of the list that is from before the trouble"
    }
    estimate = "5m"
  }
  step "look" {
    after    = [step.choose]
    run      = ["gzip", "--test", "./backups/dump.sql.gz"]
    checks   = "backup"
    estimate = "1m"
  }
  step "restore" {
    after    = [step.look]
    restore  = datastore.orders
    into     = "orders_new"
    estimate = "30m"
  }
  step "count" {
    after = [step.restore]
    sql {
      query = "SELECT count(*) FROM orders"
    }
    checks   = "data"
    estimate = "1m"
  }
}

procedure "server" {
  step "clone" {
    run = ["git", "clone", "https://git.example/shop.git"]
  }
  step "install" {
    after    = [step.clone]
    run      = ["npm", "ci"]
    dir      = "shop"
    estimate = "5m"
  }
  step "database" {
    after     = [step.install]
    procedure = procedure.database
    phase     = "data"
  }
  step "cache" {
    after     = [step.install]
    procedure = procedure.cache
    when      = "the cache was lost too"
  }
  step "verify" {
    after = [step.database, step.cache]
    sql {
      file = "smoke.sql"
    }
    dir      = "shop"
    checks   = "service"
    estimate = "2m"
  }
}

scenario "cache" {
  lose "datastore" {
    datastore = datastore.cache
  }
  estimate = "10m"
  recover  = [procedure.cache]
}

scenario "server" {
  lose "site" {
    site = site.server
  }
  detection    = "5m"
  estimate     = "1h"
  estimate_p95 = "2h"
  phase "data" {
    budget = "1h"
  }
  recover = [procedure.server]
}
