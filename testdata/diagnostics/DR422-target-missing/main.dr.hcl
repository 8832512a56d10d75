site "rack" {
}
procedure "back" {
  step "stop" {
    run = ["fly", "scale", "count", "0", "--app", target.ap]
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
