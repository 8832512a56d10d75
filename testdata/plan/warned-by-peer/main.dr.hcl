resource "toy_bucket" "a" {
  name = "a"
  copy "all" {
    to = toy_bucket.b.arn
  }
}
resource "toy_bucket" "b" {
  name = "b"
}
