provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


variable "copies" {
  default = -1
}
resource "aws_s3_bucket" "a" {
  count  = var.copies
  bucket = "invoices-${count.index}"
}
resource "aws_s3_bucket" "b" {
  for_each = "eu"
  bucket   = "logs-${each.key}"
}
resource "aws_s3_bucket" "c" {
  count  = 1.5
  bucket = "more-${count.index}"
}
