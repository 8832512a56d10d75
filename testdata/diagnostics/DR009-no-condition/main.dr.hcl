procedure "back" {
  step "count" {
    sql {
      database = "shop"
      assert   = "self.rows[0].n > 0"
    }
  }
  step "look" {
    http {
      url    = "https://shop.example"
      expect = self.bdy == "ok"
    }
  }
}
