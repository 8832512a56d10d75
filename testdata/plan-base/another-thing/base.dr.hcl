resource "toy_bucket" "a" {
  name = "a"
  days = 3
}
resource "toy_bucket" "b" {
  name = "b"
  days = 3
}
