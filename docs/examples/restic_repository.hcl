provider "files" {
  endpoint      = "sim"
  password_file = "/etc/restic/password"
}

resource "restic_repository" "certificates" {
  repository = "/srv/restic"
  encryption = "AES-256"
}
