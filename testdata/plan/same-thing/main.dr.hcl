resource "toy_bucket" "a" {
  name = "a"
}
resource "toy_bucket" "b" {
  name = "a"
}
