# One copy is in the region of the hall, which a flood takes with it; nothing says where the other one is.
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

scenario "flood" {
  lose "region" {
    name = "eu-north-1"
  }
}

drill "flood" {
  scenario = scenario.flood
  every    = "90d"
  last     = "2026-02-01"
}

drctl {
  site = site.runner
  last_world_copy {
    path   = "/mnt/north/drctl"
    region = "eu-north-1"
  }
  last_world_copy {
    path = "/mnt/somewhere"
  }
}
