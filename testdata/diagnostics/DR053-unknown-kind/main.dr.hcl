resource "aws_s3_buket" "invoices" {
  bucket = "invoices"
}
resource "google_sql_instance" "main" {
}
