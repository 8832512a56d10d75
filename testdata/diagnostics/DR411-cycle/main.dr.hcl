provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


resource "aws_s3_bucket" "invoices" {
  bucket     = "invoices"
  tags       = { copy = aws_s3_bucket.copy.arn }
}
resource "aws_s3_bucket" "copy" {
  bucket     = "copy"
  depends_on = [aws_s3_bucket.invoices]
}
