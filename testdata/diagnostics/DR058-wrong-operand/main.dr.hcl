provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


locals {
  days = "thirty"
}
output "weeks" {
  value = local.days / 7
}
output "text" {
  value = "kept for ${[1, 2]} days"
}
