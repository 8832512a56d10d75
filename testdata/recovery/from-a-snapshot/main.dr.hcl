# What a procedure restores from is what counts, also beside what the resource's kind could do: minutes would be
# lost by point-in-time recovery, and a day is by the snapshot that the step names.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_db_instance" "ledger" {
  db_instance_identifier  = "ledger"
  backup_retention_period = 7
}

datastore "ledger" {
  resource = aws_db_instance.ledger
}

backup "snapshots" {
  of = datastore.ledger
  external {
    schedule = rate("1d")
    takes    = "20m"
    keep     = "7d"
    restore  = ["./ops/restore-snapshot.sh", "$${point.id}"]
  }
}

service "books" {
  data = [datastore.ledger]
  objective {
    rpo = "1h"
  }
}

scenario "by-snapshot" {
  recover = [procedure.by_snapshot]
  lose "data" {
    datastore      = datastore.ledger
    noticed_within = "10m"
  }
}

# Nobody knows since when the data is wrong: a day is lost at least.
scenario "noticed-some-time" {
  recover = [procedure.by_snapshot]
  lose "data" {
    datastore = datastore.ledger
  }
}

# A step that names no backup takes what loses least.
scenario "whatever-is-best" {
  recover = [procedure.whatever]
  lose "data" {
    datastore      = datastore.ledger
    noticed_within = "10m"
  }
}

procedure "by_snapshot" {
  step "restore" {
    restore  = datastore.ledger
    from     = backup.snapshots
    into     = "ledger-back"
    estimate = "30m"
  }
}

procedure "whatever" {
  step "restore" {
    restore  = datastore.ledger
    into     = "ledger-back"
    estimate = "30m"
  }
}
