locals {
  name = uper("invoices")
  day  = timestamp()
}
