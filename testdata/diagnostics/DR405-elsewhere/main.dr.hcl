provider "aws" {
  region   = "eu-west-2"
  endpoint = "sim"
}


resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}
