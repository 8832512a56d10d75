# What goes wrong on purpose: drctl is killed, a host is unreachable, nobody can be told.
channel "chat" {
  run = ["sh", "-c", "touch told"]
}
channel "page" {
  run = ["sh", "-c", "touch told"]
}
communication "public" {
  notify "support" {
    via = channel.chat
    on  = ["started"]
  }
  notify "customers" {
    via = channel.page
    on  = ["started"]
  }
}
service "shop" {
  recover = procedure.back
}
procedure "back" {
  step "make" {
    description = "make the place"
    run         = ["mkdir", target.place]
    undo        = ["rmdir", target.place]
    drill       = "run"
    estimate    = "1m"
  }
  step "copy" {
    description = "copy from the other host"
    after       = [step.make]
    run         = ["sh", "-c", "echo $1", "sh", "db.example.com:5432"]
    drill       = "run"
    undo        = ["true"]
    estimate    = "1m"
  }
}
scenario "down" {
  lose "service" {
    service = service.shop
  }
  target {
    place = "production"
  }
}
drill "quarterly" {
  scenario = scenario.down
  every    = "90d"
  target {
    place = "drill_${run.id}"
  }
}
