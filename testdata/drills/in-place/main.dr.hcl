# Earlier versions come back in their place: there is nothing that a drill could do beside it.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "invoices" {
  bucket     = "invoices"
  versioning = "Enabled"
}

datastore "invoices" {
  resource = aws_s3_bucket.invoices
}

scenario "mistake" {
  lose "data" {
    datastore      = datastore.invoices
    noticed_within = "1h"
  }
}

drill "quarterly" {
  scenario = scenario.mistake
  every    = "90d"
}
