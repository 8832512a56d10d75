# A read replica in another region can take the place of what is lost; never that of data that went wrong, for
# it follows. One beside the data goes with its region, and one that is not declared is not known.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}

resource "aws_db_instance" "main" {
  db_instance_identifier  = "main"
  backup_retention_period = 7
}

resource "aws_db_instance" "near" {
  db_instance_identifier = "main-near"
}

resource "aws_db_instance" "far" {
  provider               = aws.dr
  db_instance_identifier = "main-far"
  replica_lag_max        = "2m"
}

datastore "orders" {
  resource = aws_db_instance.main
}

service "shop" {
  data = [datastore.orders]
  objective {
    rpo = "10m"
    rto = "1h"
  }
}

scenario "region" {
  lose "region" {
    name = "eu-west-1"
  }
}

scenario "wrong" {
  lose "data" {
    datastore      = datastore.orders
    noticed_within = "1h"
  }
}

# Where a procedure restores, the promotion is part of it.
scenario "region-by-hand" {
  recover = [procedure.over]
  lose "region" {
    name = "eu-west-1"
  }
}

procedure "over" {
  step "stop" {
    run  = ["fly", "scale", "count", "0", "--app", "shop"]
    undo = ["fly", "scale", "count", "2", "--app", "shop"]
  }
  step "restore" {
    after   = [step.stop]
    restore = datastore.orders
    drill   = "run"
  }
  step "start" {
    after = [step.restore]
    run   = ["fly", "scale", "count", "2", "--app", "shop"]
  }
}

drill "monthly" {
  scenario = scenario.region-by-hand
  every    = "30d"
}

drill "yearly" {
  scenario = scenario.region
  every    = "365d"
}
