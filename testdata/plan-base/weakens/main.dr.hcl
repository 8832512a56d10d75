resource "toy_bucket" "a" {
  name = "a"
  days = 3
}
