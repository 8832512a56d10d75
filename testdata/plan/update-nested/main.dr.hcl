resource "toy_bucket" "a" {
  name = "a"
  tags = { a = "1", c = "3" }
  copy "all" {
    to = "arn:z"
  }
}
