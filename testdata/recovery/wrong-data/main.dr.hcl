# A deployment writes wrong rows. The newest backup holds them too.
site "host" {
}

datastore "ledger" {
  engine = "postgresql"
  site   = site.host
}

backup "hourly" {
  of = datastore.ledger
  external {
    schedule = cron("15 * * * *", "UTC")
    takes    = "5m"
    keep     = "2d"
  }
  to "disk" {
    site = site.host
  }
}

backup "daily" {
  of = datastore.ledger
  external {
    schedule = cron("0 1 * * *", "Europe/Berlin")
    takes    = "30m"
    keep     = "30d"
    restore  = ["pg_restore", "--clean", "--dbname", "ledger"]
  }
  to "bucket" {
    region = "eu-west-1"
    keep   = "35d"
  }
}

backup "beside" {
  of = datastore.ledger
  external {
    schedule = rate("10m")
    takes    = "1m"
    keep     = "1d"
  }
}

service "billing" {
  data    = [datastore.ledger]
  recover = procedure.clean
  objective {
    rto = "2h"
    rpo = "1h"
  }
}

procedure "clean" {
  description = "Stop, go back to before the corruption, look, go on"

  step "stop" {
    shell    = "systemctl stop billing && systemctl mask billing"
    estimate = "1m"
  }
  step "copy" {
    after    = [step.stop]
    run      = ["pg_dump", "--format=custom", "--file=evidence.dump", "ledger"]
    checks   = "backup"
    estimate = "10m"
  }
  step "restore" {
    after    = [step.copy]
    restore  = datastore.ledger
    destroys = [datastore.ledger]
    estimate = "30m"
  }
  step "look" {
    after    = [step.restore]
    checks   = "data"
    estimate = "5m"
    sql {
      database = "ledger"
      file     = "ops/sums.sql"
    }
  }
  step "start" {
    after    = [step.look]
    run      = ["systemctl", "unmask", "--now", "billing"]
    estimate = "1m"
  }
}

scenario "slow-corruption" {
  symptoms  = ["sums do not add up"]
  detection = "15m"
  lose "data" {
    datastore      = datastore.ledger
    noticed_within = "7d"
  }
}

scenario "quick-corruption" {
  lose "data" {
    datastore      = datastore.ledger
    noticed_within = "3h"
  }
  objective {
    rpo = "1d"
  }
}
