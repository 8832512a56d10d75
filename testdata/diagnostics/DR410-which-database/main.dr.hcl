procedure "back" {
  step "count" {
    sql {
      query = "SELECT 1"
    }
  }
}
