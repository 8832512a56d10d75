provider "postgres" {
  endpoint = "sim"
}

resource "postgres_schedule" "wal" {
  name      = "wal"
  scheduler = "systemd"
  active    = true
  run "full" {
    when    = cron("0 2 * * *", "UTC")
    command = ["/usr/local/bin/drctl", "-C", "/srv/dr", "backup", "run", "wal"]
  }
}
