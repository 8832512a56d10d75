resource "aws_s3_bucket" "invoices" {
  bucket = "invoices-${data.aws_caller_identity.current.account_id}"
}
