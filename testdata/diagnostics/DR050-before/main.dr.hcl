procedure "back" {
  step "stop" {
    before "count" {
      run   = ["scale", "--show"]
      value = jsondecode(self.output).count
    }
    run  = ["scale", "0"]
    undo = ["scale", self.before.coutn]
  }
  step "go" {
    after = [step.stop]
    run   = ["scale", "1"]
    undo  = ["scale", self.before.count]
  }
}
