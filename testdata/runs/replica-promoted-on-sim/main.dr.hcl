# The region of a database is lost, and its read replica elsewhere takes its place.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}

resource "aws_db_instance" "main" {
  db_instance_identifier  = "main"
  backup_retention_period = 7
}

resource "aws_db_instance" "far" {
  provider               = aws.dr
  db_instance_identifier = "main-far"
  replica_lag_max        = "2m"
}

datastore "orders" {
  resource = aws_db_instance.main
}

scenario "region" {
  lose "region" {
    name = "eu-west-1"
  }
}
