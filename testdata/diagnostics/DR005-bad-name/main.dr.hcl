resource "aws_s3_bucket" "our invoices" {
  bucket = "invoices"
}
