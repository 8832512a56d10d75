# What is overdue comes first, and what was never done before that.
site "rack" {}

contact "ops" {
  role  = "on-call engineer"
  email = "ops@example.com"
}

service "web" {
  site    = site.rack
  recover = procedure.move
}

procedure "move" {
  step "deploy" {
    run = ["deploy", "--to", "cloud"]
  }
}

scenario "site-lost" {
  lose "site" {
    site = site.rack
  }
}

drill "never" {
  scenario = scenario.site-lost
  every    = "90d"
}

drill "late" {
  procedure = procedure.move
  every     = "30d"
  owner     = contact.ops
  last      = "2026-01-15"
}

drill "soon" {
  scenario = scenario.site-lost
  every    = "30d"
  owner    = contact.ops
  last     = "2026-02-20T08:00:00Z"
}

waiver "bare" {
  finding = "DR808"
  reason  = "it is moved in the summer"
  owner   = contact.ops
  until   = "2026-08-31"
}
