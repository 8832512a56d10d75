provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}

resource "aws_s3_bucket" "bills" {
  bucket = "bills"
}
