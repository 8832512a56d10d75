resource "toy_bucket" "a" {
  for_each = toset(["x"])
  name     = each.key
}
resource "toy_bucket" "b" {
  name = "b"
}
resource "toy_bucket" "c" {
  name = "c"
}
