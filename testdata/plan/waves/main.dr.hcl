resource "toy_bucket" "a" {
  name = "copy-of-${toy_db.main.endpoint}"
}
resource "toy_db" "main" {
  name = "main"
}
