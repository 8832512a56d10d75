resource "toy_bucket" "a" {
  name = "a"
  tags = { of = toy_bucket.b.serial, kept = toy_bucket.b.serial, known = toy_bucket.b.serial }
}
resource "toy_bucket" "b" {
  name = "b"
}
