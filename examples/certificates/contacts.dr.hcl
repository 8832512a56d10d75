# Who is called and who is next, who is told, and what is rehearsed when. The numbers are of the range kept
# for fiction.

contact "on_call" {
  role            = "On-Call Engineer"
  via             = "the rota \"operations\""
  phone           = "+44 20 7946 0101"
  escalates_to    = contact.lead
  escalates_after = "15m"
}

contact "lead" {
  role            = "Operations Lead"
  phone           = "+44 20 7946 0102"
  escalates_to    = contact.cto
  escalates_after = "15m"
}

contact "cto" {
  role  = "CTO"
  phone = "+44 20 7946 0103"
}

channel "incident" {
  description = "the incident channel, kept outside of both regions"
  url         = "https://certificates.chat.example/incidents"
}

channel "status_page" {
  description = "the status page, kept outside of both regions"
  url         = "https://status.certificates.example"
}

communication "incident" {
  notify "operations" {
    via   = channel.incident
    on    = ["started", "resolved"]
    every = "15m"
    owner = contact.on_call
  }
}

# Users, unless one instance failed: the cluster has replaced it before they could read of it.
communication "outage" {
  scenarios = [
    scenario.database-failure,
    scenario.certificate-loss,
    scenario.configuration-loss,
    scenario.complete-system-failure,
  ]
  notify "users" {
    via   = channel.status_page
    on    = ["started"]
    every = "15m"
    text  = "Certificates and invoices are not available. We are restoring the service."
    owner = contact.lead
  }
  notify "users" {
    via   = channel.status_page
    on    = ["resolved"]
    text  = "Certificates and invoices are available again."
    owner = contact.lead
  }
}

checklist "afterwards" {
  when = "after"
  items = [
    "See that every backup is made of what is in use now",
    "Compare the time that each step took with its estimate, and correct that",
    "Document lessons learned",
  ]
  owner = contact.lead
}

# The annual one is that of everything; the others are rehearsed each quarter, with the restores.

# On a small copy of the cluster, the place `drill`, which is always there and reads the backups without being able
# to write any. What would reach further is left out, and `drctl drill` says so: building anew, which shares its
# state with what is in use, closing the old region, and backups of what was restored.
drill "complete-system-failure" {
  scenario = scenario.complete-system-failure
  every    = "365d"
  owner    = contact.lead
  last     = "2025-10-14"
  target {
    place         = "drill"
    host          = "drill.certificates.internal"
    database      = "/var/lib/postgresql/drill-${run.id}"
    certificates  = "/srv/drill/certificates-${run.id}"
    configuration = "/srv/drill/configuration-${run.id}"
    connection    = "service=certificates-drill"
  }
}

drill "database-failure" {
  scenario = scenario.database-failure
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-02-03"
  target {
    place      = "drill"
    host       = "drill.certificates.internal"
    database   = "/var/lib/postgresql/drill-${run.id}"
    connection = "service=certificates-drill"
  }
}

drill "certificate-loss" {
  scenario = scenario.certificate-loss
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-02-04"
  target {
    place        = "drill"
    host         = "drill.certificates.internal"
    certificates = "/srv/drill/certificates-${run.id}"
  }
}

drill "configuration-loss" {
  scenario = scenario.configuration-loss
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-02-04"
  target {
    place         = "drill"
    host          = "drill.certificates.internal"
    configuration = "/srv/drill/configuration-${run.id}"
  }
}

drill "application-instance-failure" {
  scenario = scenario.application-instance-failure
  every    = "90d"
  owner    = contact.on_call
  last     = "2026-02-05"
  target {
    place = "drill"
    host  = "drill.certificates.internal"
  }
}
