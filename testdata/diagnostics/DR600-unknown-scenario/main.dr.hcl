scenario "regional-outage" {
  lose "region" {
    name = "eu-west-1"
  }
}
