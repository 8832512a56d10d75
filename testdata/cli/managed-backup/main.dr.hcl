# Without `endpoint`, the server that the environment names and the machine that drctl runs on.
provider "postgres" {
  endpoint              = "sim"
  scheduler             = "systemd"
  directory             = "/srv/dr"
  repository_passphrase = var.passphrase
}

variable "passphrase" {
  default   = "read from the secret store"
  sensitive = true
}

variable "keep" {
  default = "30d"
}

site "host" {
}

site "vault" {
}

site "store" {
}

datastore "main" {
  site   = site.host
  engine = "postgresql"
}

backup "wal" {
  of       = datastore.main
  provider = postgres # without this line the backup is only described
  pgbackrest {
    stanza        = "main"
    config        = "/etc/pgbackrest/pgbackrest.conf"
    full          = cron("0 2 * * 0", "UTC")
    differential  = cron("0 2 * * 1-6", "UTC")
    archive_every = "1m"
    keep_full     = var.keep
    keep_log      = "7d"
    takes         = "1h"
    options = {
      pg1-path   = "/var/lib/postgresql/15/main"
      repo1-path = "/mnt/store/pgbackrest"
    }
  }
  encryption {
    algorithm = "AES-256"
    key       = site.vault
  }
  to "store" {
    site = site.store
  }
}
