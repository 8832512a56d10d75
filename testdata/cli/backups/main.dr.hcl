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

site "vault" {
}

site "passwords" {
}

backup "wal" {
  of = datastore.orders
  pgbackrest {
    full          = cron("0 2 * * 0", "UTC")
    differential  = cron("0 2 * * 1-6", "UTC")
    archive_every = "1m"
    keep_full     = "30d"
    keep_log      = "7d"
    takes         = "40m"
    stanza        = "main"
  }
  to "s3" {
    site     = site.vault
    path     = "orders/"
    transfer = "30s"
    lock     = "30d"
  }
  encryption {
    algorithm = "AES-256"
    key       = site.passwords
  }
  verify {
    every  = "7d"
    proves = "restored"
    run    = ["./verify.sh"]
    last   = "2026-02-27"
  }
}

backup "deployed" {
  of = datastore.orders
  pg_dump {
    schedule = on("deployment")
    format   = "custom"
    compress = "zstd"
    checksum = "sha256"
    takes    = "5m"
    keep     = "90d"
  }
}

backup "files" {
  of = datastore.inventory
  copy {
    schedule = on("a change", "1d")
    takes    = "5m"
  }
}
