site "rack" {}
site "vault" {}
datastore "orders" {
  site = site.rack
}
backup "dump" {
  of = datastore.orders
  pg_dump {
    schedule = rate("10m")
    takes    = "5m"
    keep     = "7d"
    restore  = ["restore"]
  }
  to "vault" {
    site = site.vault
  }
  verify {
    every = "7d"
    last  = "2026-03-01"
  }
}
channel "chat" {
  webhook = "CHAT_WEBHOOK"
}
service "shop" {
  data = [datastore.orders]
  description = "nothing promised"
}
service "till" {
  depends_on = [service.shop]
  description = "nothing promised"
}
alert "age" {
  on  = "point_age"
  of  = [backup.dump]
  via = channel.chat
}
