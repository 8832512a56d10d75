provider "aws" {
  alias  = "dr"
  region = "eu-west-2"
}
provider "gcp" {
}
resource "aws_s3_bucket" "invoices" {
  provider = aws.rd
  bucket   = "invoices"
}
