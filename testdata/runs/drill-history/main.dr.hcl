# What drills have shown: one that went well and was slow, one that has failed, one that was never done.
contact "dba" {
  role  = "DBA"
  phone = "+44 20 7946 0101"
}
service "shop" {
  recover = procedure.back
  objective {
    rto = "1h"
  }
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
    description = "see that it works"
    after       = [step.make]
    run         = ["test", "-e", "works"]
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
  owner    = contact.dba
  target {
    place = "drill_${run.id}"
  }
}
drill "yearly" {
  scenario = scenario.down
  every    = "365d"
  target {
    place = "yearly_${run.id}"
  }
}
