drctl {
  required_version = "> 99"
}
resorce "toy_vault" "a" {
}
resource "toy_vault" {
}
resource "toy_vault" "b" {
  nam  = "b"
  keep = 300
  lock = { mode = "x" }
  tags {
    a = "b"
  }
  copy "eu" {
    to = "x"
  }
  copy "eu" {
    to = "y"
  }
  lifecycle {
    prevent_destroy = true
  }
}
resource "toy_vault" "b" {
  provider = toy.other
  name     = "x"
  lock {
    mode = "x"
    days = 999
  }
}
scenario "s" {
  lose "site" {
    name = "x"
  }
  objective {
    rto = "1 month"
  }
}
