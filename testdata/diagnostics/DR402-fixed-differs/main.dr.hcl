provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


resource "aws_db_snapshot" "before" {
  db_instance_identifier = "main"
  db_snapshot_identifier = "before"
}
