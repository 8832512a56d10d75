# Each service knows its own way back; what it depends on comes first, and each procedure once.
site "datacentre" {
  region = "eu-west-1"
}

contact "ops" {
  role  = "on-call engineer"
  email = "ops@example.com"
}

datastore "queue" {
  site        = site.datacentre
  rebuildable = true
}

service "dns" {
  site    = site.datacentre
  recover = procedure.point
}

service "network" {
  site = site.datacentre
}

service "queue" {
  priority   = "high"
  depends_on = [service.network]
  data       = [datastore.queue]
  recover    = procedure.start_queue
}

service "web" {
  priority   = "critical"
  depends_on = [service.queue, service.search]
  recover    = procedure.deploy
}

service "search" {
  priority   = "low"
  depends_on = [service.queue]
  recover    = procedure.index
}

service "admin" {
  depends_on = [service.web]
  recover    = procedure.deploy
}

procedure "deploy" {
  step "image" {
    run = ["deploy", "web", "--to", "standby"]
  }
  step "scale" {
    after    = [step.image]
    run      = ["scale", "web", "6"]
    undo     = ["scale", "web", "0"]
    estimate = "2m"
  }
}

procedure "index" {
  step "rebuild" {
    run          = ["search", "rebuild"]
    estimate     = "20m"
    estimate_p95 = "45m"
  }
}

procedure "point" {
  step "records" {
    manual   = "Move the records to the other provider"
    owner    = contact.ops
    estimate = "10m"
  }
}

procedure "start_queue" {
  step "second" {
    after    = [step.first]
    run      = ["queue", "enable"]
    estimate = "1m"
  }
  step "first" {
    run      = ["queue", "start"]
    estimate = "3m"
  }
}

scenario "datacentre" {
  lose "region" {
    name = "eu-west-1"
  }
  phase "traffic" {
    budget = "30m"
  }
}
