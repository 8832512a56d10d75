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
datastore "db" {
  site = site.rack
}
backup "b" {
  of = datastore.db
  external {
    schedule = rate("1h")
    takes    = "5m"
  }
  to "abroad" {
    site = site.abroad
    keep = "30d"
  }
}
