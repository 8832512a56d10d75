provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
}

moved {
  from = aws_s3_bucket.red
  to   = aws_s3_bucket.blue
}
moved {
  from = aws_s3_bucket.blue
  to   = aws_s3_bucket.red
}
moved {
  from = aws_db_instance.invoices
  to   = aws_s3_bucket.invoices
}
moved {
  from = aws_s3_bucket.bills
  to   = aws_s3_bucket.invioces
}
moved {
  from = aws_s3_bucket.bills
  to   = aws_s3_bucket.invoices
}
