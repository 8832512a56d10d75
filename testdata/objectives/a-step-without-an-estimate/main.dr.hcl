service "shop" {
  recover = procedure.back
  objective {
    rto = "1h"
  }
}
scenario "broken" {
  lose "service" {
    service = service.shop
  }
}
procedure "back" {
  step "dns" {
    wait = "30m"
  }
  step "look" {
    manual = "Look at it."
  }
}
