resource "toy_bucket" "a" {
  for_each = toset([toy_bucket.c.serial])
  name     = each.key
}
resource "toy_bucket" "b" {
  name = toy_bucket.c.serial
}
resource "toy_bucket" "c" {
  name = "c"
}
