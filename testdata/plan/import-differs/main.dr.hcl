import {
  to = toy_bucket.a
  id = "b"
}
resource "toy_bucket" "a" {
  name = "a"
}
