site "rack" {
}
procedure "back" {
  step "stop" {
    run   = ["fly", "scale", "count", "0", "--app", "shop"]
    drill = "run"
  }
  step "look" {
    after = [step.stop]
    run   = ["fly", "status", "--app", target.app]
    drill = "run"
  }
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
  target {
    app = "shop"
  }
  recover = [procedure.back]
}
drill "quarterly" {
  scenario = scenario.fire
  every    = "90d"
  target {
    app = "drill-shop"
  }
}
