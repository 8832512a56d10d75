provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "dumps" {
  bucket     = "gruenhof-dumps"
  tags = { owner = "shop" }
}

contact "lead" {
  role  = "Lead"
  phone = "[phone]"
}

site "rack" {
  description = "the server in the rack"
}

datastore "orders" {
  site = site.rack
}

backup "dump" {
  of = datastore.orders
  external {
    schedule = rate("6h")
    takes    = "10m"
    keep     = "7d"
  }
  to "s3" {
    bucket   = aws_s3_bucket.dumps
    transfer = "5m"
  }
}

service "shop" {
  data    = [datastore.orders]
  site    = site.rack
  recover = procedure.back
  objective {
    rto = "1h"
    rpo = "1h"
  }
}

procedure "back" {
  step "restore" {
    description = "Größe <prüfen> & \"laden\""
    run         = ["restore-orders", "<backup-id>"]
    env         = ["ORDERS_URL"]
    estimate    = "20m"
  }
  step "call" {
    after    = [step.restore]
    manual   = "Call the bank."
    estimate = "5m"
  }
}

scenario "fire" {
  lose "site" {
    site = site.rack
  }
}

waiver "bank" {
  finding = "DR808"
  of      = [procedure.back]
  reason  = "Whoever is there calls."
  owner   = contact.lead
  until   = "2026-12-31"
}

locals {
  regions = ["eu-west-1"]
}

check "regions" {
  assert   = length(local.regions) > 1
  message  = "everything is in one region"
  severity = "warning"
}

check "named" {
  assert  = length(local.regions) > 0
  message = "no region is named"
}
