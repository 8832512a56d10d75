provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "bills" {
  bucket = "bills"
}

resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}

moved {
  from = aws_s3_bucket.bills
  to   = aws_s3_bucket.invoices
}
