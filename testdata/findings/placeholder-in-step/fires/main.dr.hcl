datastore "db" {
  site = site.rack
}
site "rack" {
}
procedure "back" {
  step "fetch" {
    run = ["aws", "s3", "cp", "s3://dumps/YYYYMMDD.sql.gz", "."]
  }
  step "pull" {
    shell = "git clone git@github.com:your-org/app && cd app"
  }
  step "pick" {
    manual = "Run `restore <backup-id>`."
    why    = "no command line"
    owner  = contact.dba
  }
}
contact "dba" {
  role = "DBA"
  via  = "#dba"
}
backup "b" {
  of = datastore.db
  external {
    schedule = rate("1h")
    takes    = "5m"
    keep     = "7d"
    restore  = ["restore", "snapshot-name"]
  }
  to "s3" {
    region = "eu-west-1"
  }
}
