resource "toy_db" "main" {
  name = "main"
}
