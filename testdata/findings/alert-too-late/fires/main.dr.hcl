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
  objective {
    rpo = "20m"
  }
}
service "till" {
  depends_on = [service.shop]
  objective {
    rpo = "1h"
  }
}
alert "age" {
  on    = "point_age"
  above = "30m"
  via   = channel.chat
}
alert "proof" {
  on    = "not_verified"
  of    = [backup.dump]
  above = "8d"
  via   = channel.chat
}
