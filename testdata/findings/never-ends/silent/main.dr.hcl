procedure "look" {
  step "log" {
    run = ["tail", "--lines=200", "/var/log/shop.log"]
  }
  step "bounded" {
    run = ["timeout", "10", "tail", "-f", "/var/log/shop.log"]
  }
  step "pods" {
    run = ["kubectl", "logs", "deploy/shop", "--tail=200"]
  }
  step "apply" {
    run = ["kubectl", "apply", "-f", "shop.yaml"]
  }
  step "process" {
    run = ["pm2", "logs", "shop", "--nostream"]
  }
}
