# drctl runs at the site that is lost. A fire takes its own files with it; an outage of the runner alone leaves the
# copy that is in the hall.
drctl {
  site = site.runner
  last_world_copy {
    path = "mounted/hall"
    site = site.hall
  }
}

site "hall" {
}

site "runner" {
  within = site.hall
}

service "booking" {
  site    = site.hall
  recover = procedure.move
}

procedure "move" {
  step "start" {
    run      = ["./ops/start.sh", "--elsewhere"]
    estimate = "5m"
  }
}

scenario "fire" {
  recover = [procedure.move]
  lose "site" {
    site = site.hall
  }
}

scenario "runner-gone" {
  recover = [procedure.move]
  lose "site" {
    site = site.runner
  }
}
