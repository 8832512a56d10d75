provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_db_instance" "main" {
  db_instance_identifier  = "main"
  backup_retention_period = 14
  preferred_backup_window = "02:00-02:30"
  deletion_protection     = true
}
