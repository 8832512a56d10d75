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
  step "tell" {
    description = "tell the customers"
    after       = [step.make]
    run         = ["touch", "told"]
    estimate    = "1m"
  }
  step "look" {
    description = "see that it is there"
    after       = [step.make]
    run         = ["test", "-d", target.place]
    checks      = "service"
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
