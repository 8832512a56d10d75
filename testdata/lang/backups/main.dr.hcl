datastore "inventory" {
}
resource "toy_vault" "a" {
  name = "a"
}
backup "none" {
}
backup "elsewhere" {
  of = datastore.inventori
  external {
    schedule = "continuous"
  }
}
backup "resource" {
  of = toy_vault.a
  external {
    schedule = "continuous"
  }
}
backup "attribute" {
  of = datastore.inventory.name
  external {
    takes = "20 m"
  }
}
backup "twice" {
  of = datastore.inventory
  external "x" {
    schedule = "hourly"
  }
  external {
    schedule = rate("1h")
  }
}
backup "aws_in_unix" {
  of = datastore.inventory
  external {
    schedule = cron("0 2 * * ?", "UTC")
    takes    = 20
    every    = "1h"
  }
}
backup "unix_in_aws" {
  of = datastore.inventory
  external {
    schedule = aws_cron("0 2 * * 0 *")
    list     = "railway backups list"
  }
}
backup "text" {
  of = datastore.inventory
  external {
    schedule = "cron(0 2 * * *)"
  }
}
backup "never" {
  of = datastore.inventory
  external {
    schedule = cron("0 2 30 2 *", "UTC")
  }
}
backup "later" {
  of = datastore.inventory
  external {
    schedule = rate(var.every)
    takes    = upper("20m")
  }
}
variable "every" {
}
