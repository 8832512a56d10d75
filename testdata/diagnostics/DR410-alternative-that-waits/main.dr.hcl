procedure "back" {
  step "restart" {
    run = ["restart"]
  }
  step "launch" {
    after      = [step.restart]
    instead_of = step.restart
    run        = ["launch"]
  }
}
