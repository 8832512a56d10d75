provider "postgres" {
  endpoint = "sim"
}

resource "postgres_archiving" "main" {
  archive_mode    = "on"
  archive_command = "pgbackrest --stanza=main archive-push \"%p\""
  archive_timeout = "1m"
}
