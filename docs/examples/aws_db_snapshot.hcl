provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_db_snapshot" "before_launch" {
  db_instance_identifier = "main"
  db_snapshot_identifier = "main-before-launch"
}
