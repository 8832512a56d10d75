resource "toy_bucket" "a" {
  name  = "a"
  class = "cold"
}
