variable "secret" {
  type      = string
  sensitive = true
  default   = "hunter2-new"
}
resource "toy_bucket" "a" {
  name     = "a"
  password = var.secret
  tags     = { t = var.secret }
}
resource "toy_bucket" "b" {
  name = "b"
  tags = { t = "plain" }
}
resource "toy_bucket" "c" {
  name = "c"
}
