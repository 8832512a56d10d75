resource "toy_bucket" "a" {
  name = "a"
  days = tonumber("x")
}
