scenario "regional-outage" {
  lose "region" {
    name = "eu-west-1"
  }
  objective {
    rto = "1 hour"
    rpo = "1mo"
  }
}
