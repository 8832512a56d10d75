provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


output "by_team" {
  value = { for b in ["billing/a", "billing/b"] : split("/", b)[0] => b }
}
