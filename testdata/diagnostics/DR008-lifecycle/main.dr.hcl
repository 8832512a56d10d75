resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
  lifecycle {
    prevent_destroy = true
  }
}
resource "aws_db_instance" "main" {
  db_instance_identifier = "main"
  lifecycle {
    ignore_changes = [tags]
  }
}
