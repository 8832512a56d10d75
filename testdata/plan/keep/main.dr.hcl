resource "toy_bucket" "a" {
  name = "a"
  days = 3
  zones = ["y", "x"]
  force = true
}
