provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "invoices" {
  bucket     = "example-invoices"
  versioning = "Enabled"

  object_lock {
    mode = "GOVERNANCE"
    days = 30
  }
  lifecycle {
    rule "old-versions" {
      noncurrent_version_expiration {
        noncurrent_days = 90
      }
    }
  }
}
