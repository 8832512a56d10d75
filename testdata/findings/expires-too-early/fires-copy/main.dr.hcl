provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "silo" {
  bucket     = "herd-silo"
  versioning = "Enabled"
  lifecycle {
    rule "past" {
      noncurrent_version_expiration {
        noncurrent_days = 7
      }
    }
  }
}

site "barn" {
}

datastore "photos" {
  site = site.barn
}

# What the copy overwrites is there for a week, not for a month.
backup "copy" {
  of = datastore.photos
  copy {
    schedule = rate("1h")
    takes    = "5m"
    keep     = "30d"
  }
  to "silo" {
    bucket = aws_s3_bucket.silo
  }
}
