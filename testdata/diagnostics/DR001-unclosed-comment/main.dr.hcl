locals {
  a = 1
}
/* from here on
resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}
