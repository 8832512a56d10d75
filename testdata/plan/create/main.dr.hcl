resource "toy_bucket" "a" {
  name = "a"
  days = 3
  copy "all" {
    to = "arn:x"
  }
}
