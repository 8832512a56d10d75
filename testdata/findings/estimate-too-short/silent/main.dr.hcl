site "rack" {
}
procedure "inner" {
  step "start" {
    run      = ["start"]
    estimate = "20m"
  }
}
procedure "back" {
  step "go" {
    run          = ["go"]
    estimate     = "5m"
    estimate_p95 = "15m"
  }
  step "inner" {
    after     = [step.go]
    procedure = procedure.inner
  }
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
  estimate     = "10m"
  estimate_p95 = "35m"
  recover      = [procedure.back]
}
