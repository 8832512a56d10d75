locals {
  name = "invoices
}
resource "aws_s3_bucket" "invoices" {
  bucket = local.name
}
