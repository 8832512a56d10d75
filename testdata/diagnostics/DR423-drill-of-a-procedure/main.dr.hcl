site "rack" {
}
procedure "back" {
  step "stop" {
    run   = ["fly", "scale", "count", "0", "--app", target.app]
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
  procedure = procedure.back
  every     = "90d"
  target {
    app = "shop"
  }
}
