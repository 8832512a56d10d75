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
backup "both" {
  of = datastore.db
  external {
    schedule = rate("1h")
    takes    = "5m"
    keep     = "7d"
  }
  to "disk" {
    site = site.disk
  }
  to "abroad" {
    site = site.abroad
  }
}
datastore "cache" {
  site        = site.rack
  rebuildable = true
}
backup "cache" {
  of = datastore.cache
  external {
    schedule = rate("1h")
    takes    = "5m"
    keep     = "7d"
  }
}
