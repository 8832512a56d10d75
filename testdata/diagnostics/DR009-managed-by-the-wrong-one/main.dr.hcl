datastore "main" {
}
backup "platform" {
  of       = datastore.main
  provider = postgres
  external {
    schedule = rate("1d")
  }
}
backup "quoted" {
  of       = datastore.main
  provider = "files"
  restic {
    schedule = rate("1d")
  }
}
backup "unknown" {
  of       = datastore.main
  provider = mysql
  restic {
    schedule = rate("1d")
  }
}
backup "alias" {
  of       = datastore.main
  provider = files.other
  restic {
    schedule = rate("1d")
  }
}
