channel "mail" {
  via = "customers@shop.example"
}

communication "always" {
  notify "customers" {
    via = channel.mail
  }
}

communication "late" {
  notify "customers" {
    via    = channel.mail
    every  = "1h"
    within = "2h"
  }
}
