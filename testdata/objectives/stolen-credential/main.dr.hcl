# What a stolen credential may delete is destroyed; what it does not reach is what is left.
site "host" {
  account = "111122223333"
}

site "elsewhere" {
}

credential "ci" {
  account    = "111122223333"
  may_delete = [backup.dumps]
}

datastore "ledger" {
  site = site.host
}

backup "dumps" {
  of = datastore.ledger
  external {
    schedule = rate("1h")
    takes    = "5m"
    keep     = "7d"
  }
  to "elsewhere" {
    site = site.elsewhere
  }
}

backup "tapes" {
  of = datastore.ledger
  external {
    schedule = rate("24h")
    takes    = "1h"
    keep     = "30d"
  }
  to "elsewhere" {
    site = site.elsewhere
  }
}

service "billing" {
  data = [datastore.ledger]
  objective {
    rpo = "2h"
  }
}

scenario "stolen" {
  lose "credential" {
    credential = credential.ci
  }
}

scenario "account-lost" {
  lose "account" {
    name = "111122223333"
  }
}
