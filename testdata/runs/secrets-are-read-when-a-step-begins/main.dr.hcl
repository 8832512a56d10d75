service "shop" {
  recover = procedure.back
}
scenario "down" {
  lose "service" {
    service = service.shop
  }
}
procedure "back" {
  step "say" {
    shell = "echo \"$PASSWORD and $TOKEN\"; printf %s \"user:$PASSWORD\" | base64"
    secret "PASSWORD" {
      file = "password"
    }
    secret "TOKEN" {
      run = ["sh", "-c", "echo reading >&2; cat \"$STORE\""]
    }
    env = ["STORE"]
  }
  step "later" {
    description = "show what another step was given"
    after       = [step.say]
    run         = ["cat", "password"]
  }
  step "refused" {
    after = [step.later]
    run   = ["touch", "done"]
    secret "TOKEN" {
      run = ["sh", "-c", "cat half; echo \"no such item as $(cat half)\" >&2; exit 4"]
    }
  }
}
