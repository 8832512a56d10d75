provider "aws" {
  region = "eu west 1"
}
resource "aws_s3_bucket" "invoices" {
  bucket     = "Invoices_2026"
  versioning = "enabled"
  object_lock {
    mode = "GOVERNANCE"
    days = 0
  }
}
resource "aws_db_instance" "main" {
  db_instance_identifier  = "main"
  backup_retention_period = 36
  preferred_backup_window = "2:00-2:30"
}
