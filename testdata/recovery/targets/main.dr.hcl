# The steps name what the scenario says, so that they can be rehearsed on other things; one text stands for
# several services and their data.
locals {
  regions = toset(["eu", "us"])
}

site "rack" {
  for_each = local.regions
}

datastore "orders" {
  for_each = local.regions
  engine   = "postgresql"
  site     = site.rack[each.key]
  size     = "40GiB"
}

backup "dump" {
  for_each = local.regions
  of       = datastore.orders[each.key]
  external {
    schedule = rate("1h")
    takes    = "10m"
    restore  = ["./restore.sh", each.key, "$${point.id}"]
  }
  to "offsite" {
    region = "eu-west-${each.key == "eu" ? 1 : 2}"
  }
}

service "shop" {
  for_each = local.regions
  site     = site.rack[each.key]
  data     = [datastore.orders[each.key]]
  recover  = procedure.shop[each.key]
  health {
    http = "https://${target.host}/health"
  }
}

procedure "shop" {
  for_each = local.regions
  step "stop" {
    run      = ["fly", "scale", "count", "0", "--app", "${target.app}-${each.key}"]
    undo     = ["fly", "scale", "count", "3", "--app", "${target.app}-${each.key}"]
    estimate = "1m"
  }
  step "choose" {
    after  = [step.stop]
    manual = "Look which point is from before the trouble"
    why    = "nobody else can tell"
    input "point" {
      description = "the id of that point"
    }
    estimate = "5m"
  }
  step "restore" {
    after    = [step.choose]
    restore  = datastore.orders[each.key]
    into     = target.database
    estimate = "10m"
  }
  step "count" {
    after = [step.restore]
    sql {
      query  = "SELECT count(*) AS n FROM orders"
      assert = self.rows[0].n > 1000
    }
    checks   = "data"
    estimate = "1m"
  }
  step "note" {
    after    = [step.count]
    run      = ["./note.sh", run.id, "restored ${input.point} into ${target.database}"]
    estimate = "1m"
  }
  step "health" {
    after = [step.note]
    http {
      url    = "https://${target.host}/health"
      expect = strcontains(self.body, "ok")
    }
    checks   = "service"
    estimate = "1m"
  }
}

scenario "outage" {
  lose "site" {
    site = site.rack["eu"]
  }
  target {
    app      = "shop"
    host     = "shop.example"
    database = "orders_${run.id}"
  }
  objective {
    rto = "1h"
  }
}
