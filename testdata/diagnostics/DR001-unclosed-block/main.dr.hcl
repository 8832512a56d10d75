resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
  object_lock {
    mode = "GOVERNANCE"

resource "aws_s3_bucket" "logs" {
  bucket = "logs"
}
