provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


import {
  to = aws_s3_bucket.invoices
  id = "bills"
}
resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}
