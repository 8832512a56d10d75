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
procedure "back" {
  step "fetch" {
    run = ["aws", "s3", "cp", "s3://dumps/latest.sql.gz", "."]
  }
}
