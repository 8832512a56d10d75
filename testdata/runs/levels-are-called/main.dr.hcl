# Who is called next, by what comes first: the beginning, an objective that will be missed, a person who does not answer.
contact "on_call" {
  role = "on call"
}
contact "cto" {
  role  = "CTO"
  phone = "+44 20 7946 0103"
}
channel "page" {
  run = ["sh", "-c", "printf '%s\\n' \"$@\" >>paged", "sh"]
}
channel "phone" {
  via = "a telephone"
}
escalation "engineering" {
  level "1" {
    contacts = [contact.on_call]
    via      = channel.page
  }
  level "2" {
    contacts = [contact.on_call, contact.cto]
    on       = ["rto_at_risk"]
    via      = channel.page
  }
  level "3" {
    contacts   = [contact.cto]
    after      = "2h"
    unanswered = "10m"
    via        = channel.phone
  }
  level "4" {
    contacts = [contact.cto]
    when     = "data is lost"
  }
}
site "host" {}
service "shop" {
  site    = site.host
  recover = procedure.back
  objective {
    rto = "4m"
  }
}
scenario "gone" {
  escalation = escalation.engineering
  lose "site" {
    site = site.host
  }
}
procedure "back" {
  step "deploy" {
    run      = ["touch", "deployed"]
    estimate = "1m"
  }
  step "point" {
    manual   = "Point the name there"
    after    = [step.deploy]
    estimate = "5m"
  }
}
