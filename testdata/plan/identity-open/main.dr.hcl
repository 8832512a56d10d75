resource "toy_bucket" "a" {
  name = toy_bucket.b.serial
}
resource "toy_bucket" "b" {
  name = "b"
}
