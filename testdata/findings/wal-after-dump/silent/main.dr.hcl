datastore "db" {
  site = site.rack
}
site "rack" {
}
procedure "back" {
  step "base" {
    run = ["tar", "-xf", "base.tar", "-C", "/data"]
  }
  step "replay" {
    shell = "echo \"restore_command = cp\" >> recovery.conf"
    after = [step.base]
  }
  step "load" {
    run   = ["pg_restore", "--dbname", "other", "dump"]
    after = [step.replay]
  }
  step "archive" {
    manual = "Turn WAL archiving on again."
    why    = "x"
    owner  = contact.dba
    after  = [step.load]
  }
  step "look" {
    run    = ["look"]
    after  = [step.archive]
    checks = "data"
  }
}
contact "dba" {
  role = "DBA"
  via  = "#dba"
}
