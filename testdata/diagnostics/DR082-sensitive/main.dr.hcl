variable "password" {
  sensitive = true
  validation {
    condition     = length(var.password) > 12
    error_message = "Too short: ${var.password}"
  }
}
