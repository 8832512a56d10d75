provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


locals {
  name = format("%d buckets", "many")
  from = substr("invoices", "one")
  json = jsondecode("{\"a\": }")
}
output "name" {
  value = [local.name, local.from, local.json]
}
