import {
  to = toy_bucket.a
  id = "a"
}
resource "toy_bucket" "a" {
  name = "a"
}
