datastore "db" {
  site = site.rack
}
site "rack" {
}
service "shop" {
  site = site.rack
}
procedure "back" {
  step "look" {
    run = ["look"]
  }
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
  recover = [procedure.back]
}
