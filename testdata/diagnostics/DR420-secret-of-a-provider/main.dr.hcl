provider "postgres" {
  endpoint              = "sim"
  repository_passphrase = "hunter2"
}
resource "postgres_archiving" "main" {
  archive_mode = "on"
}
