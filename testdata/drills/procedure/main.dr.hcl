# A procedure alone, with steps that only a drill has.
contact "lead" {
  role = "lead"
  via  = "pager"
}

procedure "tabletop" {
  step "read" {
    manual   = "Read the runbook of ${target.app} aloud."
    why      = "It is about people."
    owner    = contact.lead
    estimate = "1h"
  }
  step "post" {
    after    = [step.read]
    run      = ["post", "minutes"]
    estimate = "1m"
  }
}

drill "quarterly" {
  procedure = procedure.tabletop
  every     = "90d"
  target {
    app = "shop-drill"
  }
}
