procedure "back" {
  step "no-undo" {
    before "count" {
      run = ["scale", "--show"]
    }
    run = ["scale", "0"]
  }
}
procedure "other" {
  step "wrong" {
    before "count" {
      run   = []
      value = "3"
    }
    run  = ["scale", "0"]
    undo = ["scale", self.before.count]
  }
}
