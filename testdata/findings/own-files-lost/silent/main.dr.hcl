# A copy is kept in another region; where nothing is said of drctl's own files, nothing is found.
provider "aws" {
  alias  = "far"
  region = "eu-west-1"
}

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
  last_world_copy {
    path   = "/mnt/west/drctl"
    region = "eu-west-1"
  }
  journal_copy {
    bucket   = "journals-west"
    provider = aws.far
  }
}
