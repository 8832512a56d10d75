resource "toy_bucket" "a" {
  name = "a"
  days = 14
  tags = { t = "x" }
}
resource "toy_bucket" "b" {
  name = "b"
}
