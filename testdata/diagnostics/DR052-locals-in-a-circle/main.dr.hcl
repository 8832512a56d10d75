locals {
  primary   = local.secondary
  secondary = "${local.tertiary}-2"
  tertiary  = upper(local.primary)
}
