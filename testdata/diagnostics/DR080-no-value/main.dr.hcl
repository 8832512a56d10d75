variable "account" {
  type = string
}
