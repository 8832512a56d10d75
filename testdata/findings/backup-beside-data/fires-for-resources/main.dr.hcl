provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}
resource "aws_db_instance" "main" {
  db_instance_identifier = "main"
}
resource "aws_s3_bucket" "dumps" {
  bucket     = "dumps"
  versioning = "Enabled"
}
datastore "db" {
  resource = aws_db_instance.main
}
backup "dumps" {
  of = datastore.db
  external {
    schedule = rate("1h")
    takes    = "5m"
    keep     = "7d"
  }
  to "s3" {
    bucket = aws_s3_bucket.dumps
  }
}
