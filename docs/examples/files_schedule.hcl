provider "files" {
  endpoint = "sim"
}

resource "files_schedule" "certificates" {
  name      = "certificates"
  scheduler = "systemd"
  active    = true
  run "full" {
    when    = cron("0 2 * * *", "UTC")
    command = ["/usr/local/bin/drctl", "-C", "/srv/dr", "backup", "run", "certificates"]
  }
}
