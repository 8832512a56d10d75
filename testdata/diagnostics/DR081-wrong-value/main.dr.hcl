variable "days" {
  type = number
}
variable "regions" {
  type    = list(string)
  default = "eu-west-1"
}
variable "password" {
  type      = number
  sensitive = true
}
