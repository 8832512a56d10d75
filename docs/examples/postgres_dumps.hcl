provider "postgres" {
  endpoint = "sim"
}

resource "postgres_dumps" "shop" {
  record   = "/var/lib/drctl/shop.applied.json"
  to       = "/srv/dumps"
  format   = "custom"
  compress = "gzip"
  keep     = "30d"
  created  = true
}
