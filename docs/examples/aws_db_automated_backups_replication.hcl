provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}

resource "aws_db_instance" "main" {
  db_instance_identifier  = "main"
  backup_retention_period = 14
  preferred_backup_window = "02:00-02:30"
  deletion_protection     = true
}

resource "aws_db_automated_backups_replication" "main" {
  provider                = aws.dr
  source_db_instance_arn  = aws_db_instance.main.arn
  backup_retention_period = 14
}
