# Who leads, who is told when and through what, and the lists that are gone through.
site "rack" {}

contact "lead" {
  role  = "incident commander"
  phone = "+1 555 0100"
}

contact "press" {
  role = "press office"
  via  = "the desk on the second floor"
}

channel "status" {
  description = "the status page"
  url         = "https://status.shop.example"
  run         = ["status", "post", "--to", "public"]
}

channel "mail" {
  via = "customers@shop.example"
}

escalation "engineering" {
  description = "whoever can decide"
  level "1" {
    contacts = [contact.lead]
  }
  level "2" {
    contacts   = [contact.lead, contact.press]
    after      = "30m"
    unanswered = "10m"
    on         = ["rto_at_risk"]
    via        = channel.status
  }
  level "3" {
    contacts = [contact.lead]
    when     = "data is lost"
  }
  level "4" {
    contacts = [contact.press]
    after    = "2h"
    when     = "the press calls"
    via      = channel.mail
  }
}

service "web" {
  site    = site.rack
  recover = procedure.move
}

procedure "move" {
  step "deploy" {
    run      = ["deploy", "--to", "cloud"]
    estimate = "40m"
  }
}

communication "always" {
  notify "the public" {
    via   = channel.status
    on    = ["started", "resolved"]
    every = "15m"
    text  = "We are looking into it."
  }
}

communication "long" {
  scenarios = [scenario.site-lost]
  notify "the board" {
    via            = channel.mail
    after_downtime = "4h"
  }
}

scenario "site-lost" {
  detection  = "10m"
  commander  = contact.lead
  escalation = escalation.engineering
  lose "site" {
    site = site.rack
  }
  notify "customers" {
    via            = channel.mail
    after_downtime = "30m"
    owner          = contact.press
  }
  notify "customers" {
    via    = channel.mail
    on     = ["resolved"]
    within = "24h"
    text   = "What happened, and what is done so that it does not happen again."
  }
}

scenario "gone-quickly" {
  lose "service" {
    service = service.web
  }
}

checklist "first" {
  description = "who is there"
  when        = "before"
  owner       = contact.lead
  items       = ["The backups of last night are there", "Nobody works on the old machine"]
}

checklist "beside" {
  when  = "during"
  items = ["Errors do not rise"]
}

checklist "last" {
  scenarios = [scenario.gone-quickly]
  when      = "after"
  items     = ["The old machine is off"]
}
