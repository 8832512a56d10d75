site "barn" {
}

scenario "fire" {
  lose "site" {
    site = site.barn
  }
}

drill "spring" {
  scenario = scenario.fire
  every    = "90d"
  last     = "2026-02-01"
}
