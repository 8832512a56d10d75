provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


variable "customers" {
  type      = set(string)
  sensitive = true
}
resource "aws_s3_bucket" "each" {
  for_each = var.customers
  bucket   = "invoices-${each.key}"
}
