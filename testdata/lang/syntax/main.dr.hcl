locals {
  a = [1, 2
}
locals {
  b = "open
}
locals {
  c = 1 +
}
locals {
  good = nothing.here
  good = 2
}
locals {
  f = )
}
