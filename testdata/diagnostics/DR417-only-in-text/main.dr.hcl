procedure "back" {
  step "wait" {
    wait = target.ttl
  }
  step "count" {
    run = ["echo", self.rows]
  }
}
