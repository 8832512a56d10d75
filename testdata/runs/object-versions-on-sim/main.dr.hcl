# Objects that went wrong at noon come back from their earlier versions.

provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "invoices" {
  bucket     = "invoices"
  versioning = "Enabled"
  object_lock {
    mode = "COMPLIANCE"
    days = 30
  }
}

datastore "invoices" {
  resource = aws_s3_bucket.invoices
}

scenario "wrong-invoices" {
  lose "data" {
    datastore = datastore.invoices
  }
}
