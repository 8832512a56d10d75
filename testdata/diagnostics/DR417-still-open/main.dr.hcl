provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


provider "aws" {
  alias    = "dr"
  region   = aws_s3_bucket.invoices.region
  endpoint = "sim"
}
resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}
resource "aws_s3_bucket" "copy" {
  provider = aws.dr
  bucket   = "copy"
}
