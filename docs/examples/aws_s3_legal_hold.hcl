provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_legal_hold" "matter_2026_17" {
  bucket = "shop-invoices"
  prefix = "matters/2026-17/"
}
