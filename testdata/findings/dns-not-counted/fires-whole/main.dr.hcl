site "rack" {
}
service "shop" {
  site = site.rack
}
contact "operator" {
  role  = "operator"
  phone = "+44 20 7946 0000"
}
procedure "back" {
  step "install" {
    run = ["ansible-playbook", "shop.yml"]
  }
  step "point" {
    manual = "Point the domain to the new machine"
    why    = "its registrar has no interface"
    owner  = contact.operator
    after  = [step.install]
  }
  step "wait" {
    wait         = "20m"
    estimate     = "5m"
    estimate_p95 = "20m"
    after        = [step.point]
  }
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
  objective {
    rto = "3h"
  }
  estimate     = "1h"
  estimate_p95 = "2h50m"
  recover      = [procedure.back]
}
drill "yearly" {
  scenario = scenario.fire
  every    = "365d"
  last     = "2026-01-15"
}
