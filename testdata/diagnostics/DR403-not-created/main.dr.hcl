provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


resource "aws_db_instance" "main" {
  db_instance_identifier = "mian"
  deletion_protection    = true
}
