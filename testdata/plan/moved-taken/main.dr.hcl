moved {
  from = toy_bucket.old
  to   = toy_bucket.new
}
resource "toy_bucket" "new" {
  name = "b"
}
