provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

