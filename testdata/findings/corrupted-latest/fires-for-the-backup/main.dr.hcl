datastore "db" {
  site = site.rack
}
site "rack" {
}
scenario "bad-migration" {
  lose "data" {
    datastore = datastore.db
  }
  recover = [procedure.back]
}
backup "dumps" {
  of = datastore.db
  external {
    schedule = rate("1h")
    takes    = "5m"
    keep     = "7d"
  }
  to "s3" {
    region = "eu-west-1"
    path   = "dumps/latest.sql.gz"
  }
}
procedure "back" {
  step "restore" {
    restore = datastore.db
    from    = backup.dumps
  }
  step "look" {
    run    = ["look"]
    after  = [step.restore]
    checks = "data"
  }
}
