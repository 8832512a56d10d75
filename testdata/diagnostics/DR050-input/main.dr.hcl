procedure "back" {
  step "choose" {
    run = ["ls"]
    input "file" {
      description = "the newest of the list"
    }
  }
  step "beside" {
    run = ["load", input.file]
  }
  step "load" {
    after = [step.choose]
    run   = ["load", input.fil, input.file]
  }
}
