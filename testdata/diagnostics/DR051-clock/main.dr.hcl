channel "chat" {
  webhook = "CHAT_WEBHOOK"
}
communication "public" {
  notify "everybody" {
    via  = channel.chat
    on   = ["started"]
    text = "Down since ${clock.elapsed}, ${clock.eta} to go"
  }
}
procedure "back" {
  step "look" {
    run = ["echo", clock.elapsed]
  }
}
