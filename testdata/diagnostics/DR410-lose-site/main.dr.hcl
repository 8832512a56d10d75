scenario "fire" {
  lose "site" {
    name = "berlin"
  }
}
