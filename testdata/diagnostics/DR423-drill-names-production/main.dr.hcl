site "rack" {
}
procedure "back" {
  step "stop" {
    run   = ["fly", "scale", "count", "0", "--app", target.app, "--region", target.region]
    drill = "run"
  }
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
  target {
    app      = "shop"
    region   = "cdg"
    database = "shop_${run.id}"
  }
  recover = [procedure.back]
}
drill "quarterly" {
  scenario = scenario.fire
  every    = "90d"
  shared   = ["region"]
  target {
    app      = "shop"
    database = "shop_${run.id}"
  }
}
