channel "both" {
  run     = ["tell"]
  webhook = "CHAT_WEBHOOK"
}
channel "secret" {
  webhook = "https://chat.example.com/services/T0/B0/x"
}
channel "nobody" {
  env = ["TOKEN"]
}
