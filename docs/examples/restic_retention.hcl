provider "files" {
  endpoint      = "sim"
  password_file = "/etc/restic/password"
}

resource "restic_retention" "certificates" {
  record = "/var/lib/drctl/certificates.applied.json"
  keep   = "90d"
}
