provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}


output "all" {
  value = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : "${a}${b}${c}"]]]
}
