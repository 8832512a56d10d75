# Two lanes: the check of one fails. What the other made is taken down all the same, and what nothing takes
# down is told.
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
  step "look" {
    description = "see that it holds something"
    after       = [step.make]
    run         = ["test", "-e", "${target.place}/something"]
    checks      = "data"
    drill       = "run"
    estimate    = "1m"
  }
  step "beside" {
    description = "make the place beside it"
    run         = ["mkdir", "${target.place}_beside"]
    undo        = ["rmdir", "${target.place}_beside"]
    drill       = "run"
    estimate    = "1m"
  }
  step "log" {
    description = "write down that it was rehearsed"
    run         = ["touch", "${target.place}.log"]
    drill       = "run"
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
