procedure "back" {
  step "call" {
    manual = "Call the bank."
  }
}
