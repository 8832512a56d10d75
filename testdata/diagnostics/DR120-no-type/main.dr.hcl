variable "regions" {
  type = list(strng)
}
variable "days" {
  type = "number"
}
