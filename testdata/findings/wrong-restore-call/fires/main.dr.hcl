procedure "back" {
  step "undelete" {
    run = ["aws", "s3api", "restore-object", "--bucket", "b", "--key", "k", "--version-id", "3"]
  }
  step "look" {
    run    = ["look"]
    after  = [step.undelete]
    checks = "data"
  }
}
