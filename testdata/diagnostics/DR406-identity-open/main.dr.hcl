provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


resource "aws_db_snapshot" "first" {
  db_instance_identifier = "main"
  db_snapshot_identifier = "first"
}

resource "aws_s3_bucket" "copy" {
  bucket = "copy-of-${aws_db_snapshot.first.snapshot_create_time}"
}
