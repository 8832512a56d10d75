datastore "orders" {}
channel "chat" {
  webhook = "CHAT_WEBHOOK"
}
alert "drill-of-data" {
  on  = "drill_overdue"
  of  = [datastore.orders]
  via = channel.chat
}
alert "size-as-time" {
  on    = "storage"
  above = "5m"
  via   = channel.chat
}
alert "how-slow" {
  on  = "backup_slow"
  via = channel.chat
}
