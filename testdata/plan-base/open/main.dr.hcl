resource "toy_bucket" "a" {
  name = "a"
  tags = { of = toy_bucket.c.serial, kept = toy_bucket.b.serial, known = "x" }
}
resource "toy_bucket" "b" {
  name = "b"
}
resource "toy_bucket" "c" {
  name = "c"
}
