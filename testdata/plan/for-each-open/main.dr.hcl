resource "toy_bucket" "a" {
  for_each = toset([toy_bucket.b.serial])
  name     = each.key
}
resource "toy_bucket" "b" {
  name = "b"
}
