variable "token" {
  sensitive = true
  default   = "hunter2"
}
