datastore "db" {
  site = site.rack
}
site "rack" {
}
service "shop" {
  data = [datastore.db]
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
}
