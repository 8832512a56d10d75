variable "missing" {
  type = string
}
variable "wrong" {
  type    = list(number)
  default = ["x"]
}
variable "refused" {
  default = 3
  validation {
    condition     = var.refused > 3
    error_message = "Give more than ${var.refused}."
  }
}
