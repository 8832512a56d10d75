procedure "back" {
  step "wait" {
    wait = "5m"
  }
  step "point" {
    run   = ["aws", "route53", "change-resource-record-sets", "--hosted-zone-id", "Z1"]
    after = [step.wait]
  }
}
