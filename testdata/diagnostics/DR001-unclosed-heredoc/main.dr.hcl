locals {
  runbook = <<-EOT
    First, breathe.
}
