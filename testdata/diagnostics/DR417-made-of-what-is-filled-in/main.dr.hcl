procedure "back" {
  step "stop" {
    input "app" {
      description = "which one"
    }
    before "count" {
      run = ["scale", "--show", "--app=${input.app}"]
    }
    run  = ["scale", "0", "--app=${upper(input.app)}"]
    undo = ["scale", "${self.before.count}", "--app", input.app]
  }
}
procedure "again" {
  step "stop" {
    before "count" {
      run = ["scale", "--show"]
    }
    run  = ["scale", "0"]
    undo = ["scale", self.before.count > 1 ? "many" : "one"]
  }
}
procedure "look" {
  step "rows" {
    input "most" {
      description = "how many there may be"
    }
    sql {
      query  = "SELECT count(*) AS n FROM orders"
      assert = self.rows[0].n < input.most
    }
  }
}
