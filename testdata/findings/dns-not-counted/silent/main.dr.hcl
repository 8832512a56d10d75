procedure "back" {
  step "ask" {
    run = ["dig", "dns.example"]
  }
  step "point" {
    run   = ["aws", "route53", "change-resource-record-sets", "--hosted-zone-id", "Z1"]
    after = [step.ask]
  }
  step "wait" {
    wait  = "5m"
    after = [step.point]
  }
}
