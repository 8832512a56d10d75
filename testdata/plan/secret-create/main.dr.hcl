variable "secret" {
  type = string
  sensitive = true
  default = "hunter2"
}
resource "toy_bucket" "a" {
  name = "a"
  password = var.secret
  tags = { t = "x-${var.secret}" }
}
