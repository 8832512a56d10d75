datastore "db" {
  site = site.rack
}
site "rack" {
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
}
