resource "toy_bucket" "b" {
  name = "b"
  tags = { of = "gone" }
}
