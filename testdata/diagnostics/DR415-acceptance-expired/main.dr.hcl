provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}
accept {
  weakens = [aws_s3_bucket.invoices]
  until   = "2026-02-28"
}
