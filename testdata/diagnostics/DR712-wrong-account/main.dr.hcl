provider "aws" {
  region              = "eu-west-1"
  endpoint            = "sim"
  allowed_account_ids = ["111111111111"]
}
resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}
