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
backup "near" {
  of = datastore.db
  external {
    schedule = rate("1h")
    takes    = "5m"
    keep     = "7d"
  }
  to "s3" {
    region = "eu-west-1"
  }
}
