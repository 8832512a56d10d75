datastore "main" {
}
backup "certificates" {
  of       = datastore.main
  provider = files
  restic {
    schedule   = rate("1d")
    repository = "/srv/restic"
  }
}
resource "restic_repository" "certificates" {
  repository = "/srv/other"
}
