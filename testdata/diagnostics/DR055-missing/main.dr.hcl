resource "aws_s3_bucket" "invoices" {
  versioning = "Enabled"
}
output "nothing" {
}
