resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}
output "arn" {
  value = aws_s3_bucket.invoices.arm
}
