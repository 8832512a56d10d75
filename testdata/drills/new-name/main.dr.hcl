# What a kind restores takes the name that is written.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_db_instance" "main" {
  db_instance_identifier  = "shop"
  backup_retention_period = 7
}

datastore "orders" {
  resource = aws_db_instance.main
}

procedure "back" {
  step "restore" {
    restore = datastore.orders
    into    = target.instance
  }
}

scenario "mistake" {
  lose "data" {
    datastore      = datastore.orders
    noticed_within = "1h"
  }
  target {
    instance = "shop-${run.id}"
  }
  recover = [procedure.back]
}

drill "quarterly" {
  scenario = scenario.mistake
  every    = "90d"
  target {
    instance = "drill-shop-${run.id}"
  }
}
