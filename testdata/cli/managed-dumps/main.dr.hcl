provider "postgres" {
  endpoint  = "sim"
  scheduler = "cron"
  directory = "/srv/dr"
}

provider "files" {
  endpoint      = "sim"
  scheduler     = "none"
  password_file = "/etc/restic/password"
}

provider "aws" {
  endpoint = "sim"
  region   = "eu-west-2"
}

variable "keep" {
  default = "30d"
}

variable "lock" {
  default = "30d"
}

resource "aws_s3_bucket" "dumps" {
  bucket     = "shop-dumps"
  versioning = "Enabled"
  object_lock {
  }
}

site "host" {
}

site "vault" {
}

datastore "shop" {
  site   = site.host
  engine = "postgresql"
}

backup "nightly" {
  of       = datastore.shop
  provider = postgres
  pg_dump {
    schedule = cron("0 3 * * *", "UTC")
    format   = "directory"
    compress = "zstd:3"
    keep     = var.keep
    database = "shop"
    takes    = "10m"
  }
  to "vault" {
    site = site.vault
    path = "/srv/dumps"
  }
}

backup "offsite" {
  of       = datastore.shop
  provider = postgres
  pg_dump {
    schedule = cron("0 4 * * *", "UTC")
    format   = "custom"
    keep     = "60d"
    database = "shop"
    takes    = "10m"
  }
  to "s3" {
    bucket = aws_s3_bucket.dumps
    path   = "offsite/"
    lock   = var.lock
  }
}

backup "certificates" {
  of       = datastore.shop
  provider = files
  restic {
    schedule   = cron("0 * * * *", "UTC")
    repository = "/srv/restic"
    paths      = ["/etc/ssl/private"]
    keep       = var.keep
    takes      = "10m"
  }
  to "vault" {
    site = site.vault
  }
}
