# Journals are copied to one region. A scenario that takes that region leaves the run alone with its own; one that
# takes drctl's own files besides leaves nothing to go on from.
provider "aws" {
  alias    = "far"
  endpoint = "sim"
  region   = "eu-north-1"
}

drctl {
  site = site.runner
  last_world_copy {
    path   = "mounted"
    region = "eu-west-1"
  }
  journal_copy {
    bucket   = "journals"
    prefix   = "shop/"
    provider = aws.far
  }
}

site "runner" {
  region = "eu-west-2"
}

service "booking" {
  recover = procedure.move
}

procedure "move" {
  step "start" {
    run      = ["sh", "start.sh"]
    estimate = "5m"
  }
}

scenario "far-gone" {
  lose "region" {
    name = "eu-north-1"
  }
}

scenario "runner-gone" {
  lose "region" {
    name = "eu-west-2"
  }
}

scenario "both-gone" {
  lose "region" {
    name = "eu-north-1"
  }
  lose "region" {
    name = "eu-west-2"
  }
}
