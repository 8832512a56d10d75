variable "passphrase" {
  sensitive = true
  default   = "kept in the secret store"
}

provider "postgres" {
  endpoint = "sim"
}

resource "pgbackrest_stanza" "main" {
  config               = "/etc/pgbackrest/pgbackrest.conf"
  stanza               = "main"
  created              = true
  pg1_path             = "/var/lib/postgresql/15/main"
  repo1_path           = "/srv/backups"
  repo1_cipher_type    = "aes-256-cbc"
  repo1_cipher_pass    = var.passphrase
  repo1_retention_full = "30d"
}
