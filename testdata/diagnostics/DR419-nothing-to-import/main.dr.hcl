provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


import {
  to = aws_s3_bucket.invoices
  id = "invoices"
}
resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}
