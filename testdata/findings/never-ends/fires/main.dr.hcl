procedure "look" {
  step "log" {
    run = ["tail", "-n", "50", "-f", "/var/log/shop.log"]
  }
  step "pods" {
    shell = "cd /srv && kubectl logs deploy/shop --follow"
  }
  step "process" {
    run = ["pm2", "logs", "shop"]
  }
}
