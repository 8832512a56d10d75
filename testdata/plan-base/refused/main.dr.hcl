resource "toy_bucket" "a" {
  name  = "a"
  class = "warm"
  days  = 101
}
