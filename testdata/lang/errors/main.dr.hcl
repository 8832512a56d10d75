locals {
  zero   = 1 / 0
  modulo = 1 + 1 % 0
  type   = "a" + 1
  index  = [1][3]
  name   = { size = 1 }.sise
  call   = upper([])
  dup    = { for v in [1, 1] : "k" => v }
  text   = "${[1]} "
  cron   = cron("0 25 * * *", "UTC")
  zone   = cron("0 2 * * *", "Europe/Berlni")
  escape = cron("0\t25 * * *", "UTC")
  echo   = local.zero + 1
  work   = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a * b * c]]]
}
