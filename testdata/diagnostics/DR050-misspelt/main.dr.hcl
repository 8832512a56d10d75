variable "region" {
  default = "eu-west-1"
}
resource "aws_s3_bucket" "invoices" {
  bucket = "invoices-${var.regoin}"
}
resource "aws_s3_bucket" "copy" {
  bucket = "copy-of-${aws_s3_bucket.invoice.bucket}"
}
