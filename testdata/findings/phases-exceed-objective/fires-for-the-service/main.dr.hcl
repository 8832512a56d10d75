site "rack" {
  within = site.building
}
site "disk" {
  within = site.rack
}
site "building" {
  region = "eu-west-1"
}
site "abroad" {
}
procedure "back" {
  step "go" {
    run = ["go"]
  }
}
service "shop" {
  site    = site.rack
  recover = procedure.back
  objective {
    rto = "15m"
  }
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
  phase "detect" {
    budget = "30m"
  }
  phase "restore" {
    budget = "30m"
  }
  objective {
    rto = "1h"
  }
}
