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
    run = ["aws", "s3", "cp", "s3://dumps/2026-03-01.sql.gz", "."]
  }
  step "start" {
    run = ["docker", "run", "backup-tool:latest"]
  }
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
  recover = [procedure.newest]
}
procedure "newest" {
  step "fetch" {
    run = ["aws", "s3", "cp", "s3://dumps/latest.sql.gz", "."]
  }
}
