# Written steps and the derived ones of the data they need are one order: what stops the damage first,
# then the data, verified, then those who use it, and only then is anything written again.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}

resource "aws_s3_bucket" "papers" {
  bucket     = "papers"
  versioning = "Enabled"
  replication {
    role = "arn:aws:iam::000000000000:role/replication"
    rule "all" {
      destination               = aws_s3_bucket.papers_dr.arn
      replication_time_control  = true
      delete_marker_replication = "Disabled"
    }
  }
}

resource "aws_s3_bucket" "papers_dr" {
  provider   = aws.dr
  bucket     = "papers-dr"
  versioning = "Enabled"
}

datastore "papers" {
  resource = aws_s3_bucket.papers
}

site "host" {
}

datastore "ledger" {
  site = site.host
}

backup "hourly" {
  of = datastore.ledger
  external {
    schedule = rate("1h")
    takes    = "5m"
    keep     = "30d"
  }
  to "cloud" {
    bucket = aws_s3_bucket.papers_dr
  }
}

service "archive" {
  priority = "critical"
  data     = [datastore.papers]
  recover  = procedure.start_archive
}

service "billing" {
  data    = [datastore.ledger]
  recover = procedure.restore_ledger
}

service "web" {
  depends_on = [service.archive]
  recover    = procedure.start_web
}

procedure "declare" {
  step "call" {
    manual   = "Call everybody together"
    data     = []
    estimate = "5m"
  }
}

procedure "start_archive" {
  step "scale_down" {
    description = "what still runs writes to the lost bucket"
    run         = ["scale", "archive", "0"]
    undo        = ["scale", "archive", "6"]
    data        = []
    estimate    = "1m"
  }
  step "deploy" {
    after    = [step.scale_down]
    run      = ["deploy", "archive"]
    undo     = ["deploy", "archive", "--remove"]
    estimate = "4m"
  }
  step "works" {
    after    = [step.deploy]
    run      = ["smoke", "archive"]
    checks   = "service"
    estimate = "1m"
  }
  step "tell" {
    after    = [step.works]
    run      = ["announce", "the archive is back"]
    downtime = false
    estimate = "10m"
  }
}

procedure "start_web" {
  step "deploy" {
    run      = ["deploy", "web"]
    undo     = ["deploy", "web", "--remove"]
    estimate = "3m"
  }
}

# It restores its own data, and waits for nothing that drctl derives.
procedure "restore_ledger" {
  step "restore" {
    restore  = datastore.ledger
    estimate = "30m"
  }
  step "works" {
    after    = [step.restore]
    run      = ["smoke", "billing"]
    checks   = "service"
    estimate = "1m"
  }
  step "clean" {
    procedure = procedure.tidy
    after     = [step.works]
    downtime  = false
  }
}

procedure "tidy" {
  step "remove_scratch" {
    run      = ["tidy", "scratch"]
    estimate = "1h"
  }
}

# Nobody says which data it needs.
procedure "redirect" {
  step "records" {
    run      = ["dns", "point", "www", "elsewhere"]
    estimate = "2m"
  }
}

scenario "region" {
  lose "region" {
    name = "eu-west-1"
  }
  recover = [procedure.declare, procedure.start_archive, procedure.start_web]
}

scenario "region-by-services" {
  lose "region" {
    name = "eu-west-1"
  }
}

scenario "region-unsaid" {
  lose "region" {
    name = "eu-west-1"
  }
  recover = [procedure.redirect]
}
