moved {
  from = toy_bucket.all["eu"]
  to   = toy_bucket.one
}
resource "toy_bucket" "all" {
  for_each = toset(["eu"])
  name     = each.key
}
resource "toy_bucket" "one" {
  name = "one"
}
