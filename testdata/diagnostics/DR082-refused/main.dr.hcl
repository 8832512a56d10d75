variable "days" {
  type    = number
  default = 7
  validation {
    condition     = var.days >= 30
    error_message = "Invoices are kept for at least 30 days, not ${var.days}."
  }
}
