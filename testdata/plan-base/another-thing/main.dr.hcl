resource "toy_bucket" "a" {
  name = "other"
  days = 3
}
resource "toy_bucket" "renamed" {
  name = "b"
  days = 4
}
