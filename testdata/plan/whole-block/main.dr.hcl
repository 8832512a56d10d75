resource "toy_bucket" "a" {
  for_each = toset(["x", "y"])
  name     = each.key
}
output "arns" {
  value = [for k, b in toy_bucket.a : b.arn]
}
output "splat" {
  value = values(toy_bucket.a)[*].name
}
