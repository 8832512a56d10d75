variable "secret" {
  type      = string
  sensitive = true
  default   = "hunter2"
}
resource "toy_bucket" "a" {
  name     = "a"
  days     = 3
  password = var.secret
  tags     = { t = var.secret, of = toy_bucket.b.serial, days = toy_bucket.b.days }
  copy "all" {
    to = toy_bucket.b.arn
  }
}
resource "toy_bucket" "b" {
  name = "b"
  tags = { up = toy_bucket.c.serial }
}
resource "toy_bucket" "c" {
  name       = "c"
  versioning = true
}
