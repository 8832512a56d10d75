# What only looks needs no way back; `pivot` asserts what the planner derives; what is restored is without
# protection until its backup has run again or a step protects it; and a command may need one region.
site "host" {
}

site "attic" {
}

site "virginia" {
  region = "us-east-1"
}

datastore "orders" {
  site  = site.host
  group = "money"
}

datastore "payments" {
  site  = site.host
  group = "money"
}

backup "orders" {
  of = datastore.orders
  external {
    schedule = cron("0 0,12 * * *", "UTC")
    takes    = "20m"
    restore  = ["restore", "orders"]
  }
  to "attic" {
    site = site.attic
  }
}

backup "payments" {
  of = datastore.payments
  external {
    schedule = cron("30 0,12 * * *", "UTC")
    takes    = "20m"
    restore  = ["restore", "payments"]
  }
  to "attic" {
    site = site.attic
  }
}

service "shop" {
  data = [datastore.orders, datastore.payments]
}

service "console" {
  site    = site.virginia
  recover = procedure.move_names
}

procedure "rebuild" {
  step "look" {
    sql {
      database = "postgres"
      query    = "SELECT count(*) AS n FROM pg_stat_activity"
    }
    estimate = "1m"
  }
  step "stop" {
    after = [step.look]
    sql {
      database = "postgres"
      query    = "SELECT 1; ALTER SYSTEM SET default_transaction_read_only = on"
    }
    estimate = "1m"
  }
  step "orders" {
    after    = [step.stop]
    restore  = datastore.orders
    into     = "orders_2"
    estimate = "10m"
  }
  step "payments" {
    after    = [step.stop]
    restore  = datastore.payments
    into     = "payments_2"
    estimate = "10m"
  }
  step "right" {
    after = [step.orders]
    sql {
      query = "SELECT count(*) AS n FROM orders"
    }
    checks   = "data"
    pivot    = true
    estimate = "1m"
  }
  step "switch" {
    after    = [step.right, step.payments]
    run      = ["switch", "--database", "orders=orders_2", "--database", "payments=payments_2", "--wait-until-all-is-reloaded"]
    pivot    = true
    estimate = "1m"
  }
  step "again" {
    after    = [step.switch]
    run      = ["backup", "payments"]
    env      = ["BACKUP_TOKEN"]
    protects = [datastore.payments]
    downtime = false
    estimate = "20m"
  }
}

procedure "move_names" {
  step "record" {
    run      = ["aws", "--profile", "ops", "route53", "change-resource-record-sets", "--hosted-zone-id", "Z1"]
    estimate = "1m"
  }
  step "edge" {
    shell    = "aws cloudfront list-distributions | tee edge.json"
    estimate = "1m"
  }
  step "state" {
    run      = ["aws", "route53-recovery-cluster", "update-routing-control-state", "--region", "eu-west-1"]
    estimate = "1m"
  }
}

scenario "disk" {
  lose "site" {
    site = site.host
  }
  recover = [procedure.rebuild]
}

scenario "region" {
  lose "region" {
    name = "us-east-1"
  }
}

scenario "elsewhere" {
  lose "service" {
    service = service.console
  }
}
