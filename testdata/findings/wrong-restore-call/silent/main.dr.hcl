procedure "back" {
  step "thaw" {
    run = ["aws", "s3api", "restore-object", "--bucket", "b", "--key", "k"]
  }
  step "look" {
    run    = ["look"]
    after  = [step.thaw]
    checks = "data"
  }
}
