locals {
  region = "x"
  a      = local.regin
  b      = var.nothing
  c      = toy_valt.main.arn
  d      = toy_vault.mian.arn
  e      = toy_vault.main.arm
  f      = uper("x")
  g      = timestamp()
  h      = bare
  i      = each.key
  j      = toy_vault.many.arn
  k      = toy_vault.main["x"].arn
  l      = data.x.y
}
locals {
  one   = local.two
  two   = local.three
  three = local.one
}
resource "toy_vault" "main" {
  name = "v"
}
resource "toy_vault" "many" {
  count = 2
  name  = "v${count.index}"
}
