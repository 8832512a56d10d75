resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
  object_lock {
    mode = "GOVERNANCE"
    days = 30
  }
  object_lock {
    mode = "COMPLIANCE"
    days = 30
  }
}
