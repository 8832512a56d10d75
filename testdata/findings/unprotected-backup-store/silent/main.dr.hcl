provider "aws" {
  region   = "eu-west-2"
  endpoint = "sim"
}
site "rack" {
  within = site.building
}
site "disk" {
  within = site.rack
}
site "building" {
  region = "eu-west-1"
}
site "abroad" {
}
datastore "db" {
  site = site.rack
}
resource "aws_s3_bucket" "dumps" {
  bucket     = "dumps"
  versioning = "Enabled"
}
resource "aws_s3_bucket" "other" {
  bucket = "other"
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
