resource "toy_bucket" "a" {
  name = "a"
}
resource "toy_bucket" "b" {
  name = "b"
  tags = { of = toy_bucket.a.serial }
}
resource "toy_bucket" "c" {
  name = "c"
}
