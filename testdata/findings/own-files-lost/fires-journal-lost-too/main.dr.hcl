# What was last seen is kept far away; the copy of the journals is in the region that the flood takes.
provider "aws" {
  alias  = "near"
  region = "eu-north-1"
}

site "runner" {
  region = "eu-north-1"
}

service "booking" {
  site    = site.runner
  recover = procedure.move
}

procedure "move" {
  step "start" {
    run = ["./ops/start.sh", "--elsewhere"]
  }
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
    path   = "/mnt/west/drctl"
    region = "eu-west-1"
  }
  journal_copy {
    bucket   = "journals-north"
    provider = aws.near
  }
}
