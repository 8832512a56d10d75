provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


resource "aws_db_snapshot" "first" {
  db_instance_identifier = "main"
  db_snapshot_identifier = "first"
}

resource "aws_s3_bucket" "copy" {
  for_each = toset([aws_db_snapshot.first.snapshot_create_time])
  bucket   = "copy-of-${each.key}"
}
