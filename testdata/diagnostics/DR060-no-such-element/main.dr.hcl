provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


variable "regions" {
  default = ["eu-west-1"]
}
locals {
  retention = { database = 30, bucket = 90 }
  regions   = ["eu-west-1"]
}
output "missing" {
  value = [local.retention.databse, local.regions[1], var.regions[2], [for r in var.regions : r.name]]
}
