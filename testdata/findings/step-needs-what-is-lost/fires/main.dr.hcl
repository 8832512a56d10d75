site "rack" {
  within = site.building
}
site "disk" {
  within = site.rack
}
site "building" {
  region = "eu-west-1"
}
site "abroad" {
}
procedure "back" {
  step "login" {
    run   = ["login"]
    needs = [site.disk]
  }
}
scenario "fire" {
  lose "site" {
    site = site.rack
  }
  recover = [procedure.back]
}
