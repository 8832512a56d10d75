site "barn" {
}

site "attic" {
}

datastore "herd" {
  site = site.barn
}

backup "nightly" {
  of = datastore.herd
  external {
    schedule = rate("12h")
    takes    = "5m"
    keep     = "14d"
  }
  to "attic" {
    site = site.attic
  }
  encryption {
    algorithm = "AES-256"
  }
}
