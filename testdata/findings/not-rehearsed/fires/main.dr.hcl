site "barn" {
}

scenario "fire" {
  lose "site" {
    site = site.barn
  }
}
