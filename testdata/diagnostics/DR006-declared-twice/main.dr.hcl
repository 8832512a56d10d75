resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}
resource "aws_s3_bucket" "invoices" {
  bucket = "invoices-2"
}
