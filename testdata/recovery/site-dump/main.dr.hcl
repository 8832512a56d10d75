site "fly" {
  description = "The platform that the database and the application run on"
}

site "primary_region" {
  within = site.fly
}

site "github" {
}

contact "cto" {
  role  = "CTO"
  phone = "+44 20 7946 0000"
  via   = "#incident"
}

datastore "postgres" {
  engine = "postgresql"
  site   = site.primary_region
}

backup "dump" {
  of = datastore.postgres
  external {
    schedule = cron("0 */6 * * *", "UTC")
    takes    = "20m"
    keep     = "30d"
    list     = ["aws", "s3", "ls", "s3://vatevo-backups-db/"]
    restore  = ["ops/restore.sh", "$${point.id}"]
  }
  to "s3" {
    region   = "eu-west-1"
    path     = "db/"
    transfer = "5m"
  }
}

backup "volume" {
  of = datastore.postgres
  external {
    schedule = rate("1h")
    takes    = "1m"
  }
  to "volume" {
    site = site.primary_region
  }
}

backup "weekly" {
  of = datastore.postgres
  external {
    schedule = cron("0 3 * * 0", "UTC")
  }
  to "disk" {
    site = site.github
  }
}

service "database" {
  priority = "critical"
  data     = [datastore.postgres]
  recover  = procedure.rebuild
  objective {
    rto = "1h"
    rpo = "5m"
  }
}

service "api" {
  depends_on = [service.database]
  site       = site.fly
  recover    = procedure.rebuild
}

procedure "declare" {
  step "page" {
    manual   = "Declare the incident in #incident"
    why      = "only a person decides to move everything"
    owner    = contact.cto
    estimate = "5m"
    phase    = "assess"
  }
}

procedure "rebuild" {
  step "host" {
    run      = ["terraform", "apply", "-auto-approve"]
    needs    = [site.github]
    estimate = "10m"
    phase    = "restore"
    undo     = ["terraform", "destroy"]
  }
  step "check_dump" {
    shell        = "gunzip -t dump.sql.gz && echo ok"
    checks       = "backup"
    estimate     = "2m"
    estimate_p95 = "6m"
    phase        = "restore"
  }
  step "restore" {
    after        = [step.host, step.check_dump]
    restore      = datastore.postgres
    estimate     = "20m"
    estimate_p95 = "40m"
    phase        = "restore"
  }
  step "count" {
    after    = [step.restore]
    checks   = "data"
    estimate = "1m"
    phase    = "verify"
    sql {
      database = "vatevo"
      query    = "select count(*) from invoices where created_at > now() - interval '1 day'"
    }
  }
  step "dns" {
    after  = [step.count]
    manual = "Point api.vatevo.com at the new host"
    owner  = contact.cto
    phase  = "verify"

    estimate = "5m"
  }
  step "ttl" {
    after = [step.dns]
    wait  = "5m"
    phase = "verify"
  }
  step "health" {
    after    = [step.ttl]
    checks   = "service"
    estimate = "30s"
    phase    = "verify"
    http {
      url = "https://api.vatevo.com/health/ready"
    }
  }
}

scenario "platform-down" {
  symptoms  = ["status.flyio.net is red"]
  detection = "5m"
  commander = contact.cto
  recover   = [procedure.declare, procedure.rebuild]
  lose "site" {
    site = site.fly
  }
  objective {
    rto = "2h"
    rpo = "6h"
  }
  phase "assess" {
    budget = "10m"
  }
  phase "restore" {
    budget = "30m"
  }
  phase "verify" {
    budget = "15m"
  }
}
