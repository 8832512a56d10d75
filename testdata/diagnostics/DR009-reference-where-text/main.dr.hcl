locals {
  until = "2026-12-31"
}
accept {
  weakens = [aws_s3_bucket.invoices]
  until   = local.until
}
resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}
