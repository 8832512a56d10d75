procedure "back" {
  step "stop" {
    before "count" {
      run = ["scale", "--show"]
    }
    run  = ["scale", self.before.count]
    undo = ["scale", self.before, self.before.count.most, "--to=${self.before.count}"]
  }
}
