resource "toy_bucket" "a" {
  for_each = toset(["x", "y"])
  name     = "a-${each.key}"
  tags     = { of = toy_bucket.b[each.key].serial }
}
resource "toy_bucket" "b" {
  for_each   = { x = 1, y = 2 }
  name       = "b-${each.key}"
  days       = each.value
  depends_on = [toy_db.main]
}
resource "toy_db" "main" {
  name = "main"
  days = 3
}
output "serials" {
  value = toy_bucket.b["x"].serial
}
