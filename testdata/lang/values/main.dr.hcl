variable "secret" {
  default   = "hunter2"
  sensitive = true
}
variable "sizes" {
  type    = map(number)
  default = { a = 1, b = "2" }
}
locals {
  exact    = 0.1 + 0.2
  big      = 12345678901234567890.5
  text     = "a${1 + 1}b$${c}%%{d}\n\u00e9"
  same     = "${[1]}"
  heredoc  = <<-EOT
      two
    zero ${var.sizes.a}
  EOT
  strip    = "%{for s in ["x", "y"] ~} ${s}, %{~ endfor}"
  cond     = true ? 1 : "b"
  short    = false && toy_vault.main.arn == "x"
  open     = toy_vault.main.arn == "x" || true
  keeps    = toy_vault.main.arn == "x" ? [1, 2][0] : [][0]
  list     = [for k, v in var.sizes : "${k}=${v}" if v > 1]
  object   = { for v in ["b", "a", "b"] : v => v... }
  splat    = [{ n = 1 }, { n = 2 }][*].n
  none     = null[*]
  hidden   = var.secret == "x" ? 1 : 2
  joined   = join(",", ["a", var.secret])
  tried    = try([][0], 1 / 0, "ok")
  can      = can(1 % 0)
  spread   = max([1, 5, 3]...)
  half     = "arn ${toy_vault.main.arn} and ${upper("x")}"
  later    = [for b in toy_vault.many : b.arn]
  picked   = toy_vault.many[local.key].arn
  key      = "k"
}
resource "toy_vault" "main" {
  name     = "v"
  password = var.secret
  lock {
    mode = "strict"
  }
  copy "eu" {
    to = toy_vault.many["k"].arn
  }
  step {
    to = "a"
  }
  step {
    to = "b"
  }
}
resource "toy_vault" "many" {
  for_each = { k = 1 }
  name     = each.key
}
accept {
  irreversible = [toy_vault.main]
  until        = "2026-12-31"
}
scenario "lost" {
  symptoms = ["nothing answers"]
  lose "region" {
    name = "eu-west-1"
  }
  objective {
    rto = "1h30m"
    rpo = "5m"
  }
}
