# drctl runs in the hall that burns, and what it saw is kept nowhere else.
site "hall" {
  region = "eu-north-1"
}

site "runner" {
  within = site.hall
}

service "booking" {
  site    = site.hall
  recover = procedure.move
}

procedure "move" {
  step "start" {
    run = ["./ops/start.sh", "--elsewhere"]
  }
}

scenario "fire" {
  lose "site" {
    site = site.hall
  }
}

drill "move" {
  scenario = scenario.fire
  every    = "90d"
  last     = "2026-02-01"
}

drctl {
  site = site.runner
}
