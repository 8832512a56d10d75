provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


variable "days" {
  default = 36
}
resource "aws_db_instance" "main" {
  db_instance_identifier  = "main"
  backup_retention_period = var.days
}
