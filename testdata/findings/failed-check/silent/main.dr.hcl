variable "keep_days" {
  default = 35
}

locals {
  regions = ["eu-west-1", "eu-west-2"]
}

check "retention" {
  description = "Auditors ask for 35 days."
  assert      = var.keep_days >= 35
  message     = "backups are kept for ${var.keep_days} days"
}

check "regions" {
  assert   = length(distinct(local.regions)) > 1
  message  = "everything is in one region"
  severity = "note"
}
