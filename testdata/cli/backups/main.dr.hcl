variable "zone" {
  default = "America/New_York"
}

datastore "inventory" {
}

datastore "orders" {
}

# Between 02:00 and 03:00 a clock in New York is changed.
backup "platform" {
  of = datastore.inventory
  external {
    schedule = aws_cron("30 2 * * ? *", var.zone)
    takes    = "20m"
    list     = ["railway", "backups", "list", "--json"]
    restore  = ["railway", "backups", "restore", "$${point.id}"]
  }
}

backup "dumps" {
  of = datastore.inventory
  external {
    schedule = cron("30 2 * * *", var.zone)
  }
}

backup "leap" {
  of = datastore.orders
  external {
    schedule = cron("0 0 29 2 *", "UTC")
    takes    = "0s"
  }
}

backup "log" {
  of = datastore.orders
  external {
    schedule = "continuous"
    takes    = "60s"
  }
}

backup "migration" {
  of = datastore.orders
  external {
    schedule = aws_cron("0 0 1 * ? 2026")
    takes    = "1h"
  }
}

backup "sixth" {
  of = datastore.orders
  external {
    schedule = rate("6h")
    takes    = "10m"
  }
}
