variable "days" {
  type    = string
  default = "many"
}
resource "toy_bucket" "a" {
  name = "a"
  days = var.days
}
