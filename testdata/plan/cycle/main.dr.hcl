resource "toy_bucket" "a" {
  name = "a"
  tags = { of = local.b }
}
resource "toy_bucket" "b" {
  name = "b"
  tags = { of = toy_bucket.a.arn }
}
locals {
  b = toy_bucket.b.arn
}
