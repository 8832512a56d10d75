resource "aws_s3_bucket" "all" {
  count    = 2
  for_each = ["eu"]
  bucket   = "invoices-${each.key}"
}
