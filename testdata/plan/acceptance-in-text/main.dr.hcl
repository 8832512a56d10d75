accept {
  weakens = [toy_bucket.a]
  until   = "2030-01-01"
}
resource "toy_bucket" "a" {
  name = "a"
  days = 3
}
