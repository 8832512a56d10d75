//! A shop whose database is backed up by pgBackRest, and its ways back.

use crate::machine::Machine;

/// The configuration, with what is known only then between `@`.
const SHOP: &str = r#"
site "host" {}
site "vault" {}
datastore "shop" {
  site   = site.host
  engine = "postgresql"
}
backup "wal" {
  of = datastore.shop
  pgbackrest {
    full          = cron("0 2 * * 0", "UTC")
    differential  = cron("0 2 * * *", "UTC")
    archive_every = "1m"
    keep_full     = "30d"
    @pgbackrest@
  }
  to "vault" {
    site = site.vault
  }
  canary {
    database = "@canary@"
    every    = "1m"
  }
  verify {
    every    = "1d"
    sql      = "select count(*) as n from pgbench_accounts"
    database = "shop"
    assert   = self.rows[0].n == 100000
  }
}
service "shop" {
  data    = [datastore.shop]
  recover = procedure.back
  objective {
    rto = "1h"
    rpo = "10m"
  }
}
procedure "back" {
  step "restore" {
    restore = datastore.shop
    into    = "@fresh@"
  }
  step "start" {
    after = [step.restore]
    run   = ["pg_ctl", "start", "-w", "-D", "@fresh@", "-l", "@log@", "-o", "-p @port@ -c unix_socket_directories=@sock@"]
  }
  step "look" {
    after  = [step.start]
    within = "30s"
    checks = "data"
    sql {
      database = "@canary@"
      query    = "select count(*) as n from pgbench_history"
      assert   = self.rows[0].n >= 0
    }
  }
}
scenario "server-gone" {
  lose "datastore" {
    datastore = datastore.shop
  }
}
scenario "wrong-data" {
  lose "data" {
    datastore = datastore.shop
    noticed_within = "1h"
  }
}
"#;

/// A shop with a database, whose way back is a fresh directory.
pub(crate) fn configure(machine: &Machine) {
    let values = [
        ("canary", machine.database("shop")),
        ("sock", machine.path_of("sock")),
        ("port", machine.port.to_string()),
        ("fresh", machine.path_of("fresh")),
        ("log", machine.path_of("log/fresh.log")),
        ("pgbackrest", machine.pgbackrest()),
    ];
    machine.configure(SHOP, &values);
}
