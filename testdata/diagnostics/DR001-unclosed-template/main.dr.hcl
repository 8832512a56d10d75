locals {
  name = "invoices-${local.region"
}
