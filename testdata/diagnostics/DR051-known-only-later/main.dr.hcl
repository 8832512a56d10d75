site "rack" {
  description = "rack of ${target.app}"
}
procedure "back" {
  step "go" {
    run = ["go", run.name]
  }
}
