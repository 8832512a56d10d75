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
scenario "fire" {
  lose "site" {
    site = site.rack
  }
  phase "detect" {
    budget = "30m"
  }
  phase "restore" {
    budget = "45m"
  }
  objective {
    rto = "1h"
  }
}
