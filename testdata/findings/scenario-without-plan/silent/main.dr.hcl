datastore "db" {
  site = site.rack
}
site "rack" {
}
service "shop" {
  data    = [datastore.db]
  recover = procedure.back
}
service "admin" {
  depends_on = [service.shop]
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
}
