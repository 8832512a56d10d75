resource "aws_s3_bucket" "invoices" {
  bucket     = "invoices"
  versionning = "Enabled"
  object_lock {
    mod  = "GOVERNANCE"
    days = 30
  }
}
