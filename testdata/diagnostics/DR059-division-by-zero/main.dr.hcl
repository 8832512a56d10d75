provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


locals {
  copies = 0
}
output "share" {
  value = 100 / local.copies
}
