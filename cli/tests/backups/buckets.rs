//! Dumps that are streamed into a bucket: of the simulated cloud here, which can be made to fail at any call.

use std::fs;

use serde_json::Value;

use crate::machine::{Machine, next_second, until};
use crate::schema_check;

const SECRET: &str = "planted-secret-of-buckets";

/// The configuration, with what is known only then between `@`.
const SHOP: &str = r#"
provider "aws" {
  region   = "eu-west-1"
  endpoint = "@endpoint@"
}
resource "aws_s3_bucket" "dumps" {
  bucket     = "shop-dumps"
  versioning = "Enabled"
}
site "host" {}
datastore "shop" {
  site   = site.host
  engine = "postgresql"
}
backup "dump" {
  of = datastore.shop
  pg_dump {
    schedule = cron("0 * * * *", "UTC")
    format   = "custom"
    database = "@database@"
    keep     = "1s"
    takes    = "1m"
    env      = ["PGPASSWORD"]
  }
  to "s3" {
    bucket = aws_s3_bucket.dumps
    path   = "nightly/"
    @lock@
  }
  canary {
    database = "@database@"
    every    = "1h"
  }
  verify {
    every = "1d"
    sql   = "select count(*) = 1000 as right from orders"
  }
}
service "shop" {
  data    = [datastore.shop]
  recover = procedure.back
}
procedure "back" {
  step "create" {
    run = ["createdb", "--host=@sock@", "--port=@port@", "--username=drctl", "back"]
  }
  step "restore" {
    after   = [step.create]
    restore = datastore.shop
    into    = "@back@"
  }
  step "canary" {
    after  = [step.restore]
    checks = "data"
    sql {
      database = "@back@"
      query    = "select max(at) as drctl_canary from drctl_canary"
    }
  }
}
scenario "gone" {
  lose "datastore" {
    datastore = datastore.shop
  }
}
"#;

/// A shop whose dumps go into a bucket, with this in its `to`.
pub(crate) fn shop(lock: &str) -> Machine {
    let machine = Machine::start();
    configure(&machine, "sim", lock);
    // What is locked from now on must not be over in the simulated cloud.
    let now = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap();
    let seed = serde_json::json!({ "now": now, "regions": { "eu-west-1": { "buckets": {
        "shop-dumps": { "versioning": "Enabled", "object_lock": {} },
    } } } });
    machine.write("work/sim.json", &seed.to_string());
    fill(&machine);
    machine
}

/// The same with a bucket that is reached there.
pub(crate) fn configure(machine: &Machine, endpoint: &str, lock: &str) {
    let values = [
        ("endpoint", endpoint.to_owned()),
        ("database", machine.database("shop")),
        ("sock", machine.path_of("sock")),
        ("port", machine.port.to_string()),
        ("back", machine.database("back")),
        ("lock", lock.to_owned()),
    ];
    machine.configure(SHOP, &values);
}

pub(crate) fn fill(machine: &Machine) {
    machine.ask("postgres", "create database shop");
    machine.ask("shop", "create table orders as select n, md5(n::text) from generate_series(1, 1000) n");
}

/// drctl with the secret in its environment; code and everything it said.
fn drctl(machine: &Machine, arguments: &[&str]) -> (i32, String) {
    let output = machine.drctl_command(arguments).env("PGPASSWORD", SECRET).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), said)
}

fn json(machine: &Machine, arguments: &[&str]) -> Value {
    let mut command = machine.drctl_command(&[arguments, &["--json"]].concat());
    let output = command.env("PGPASSWORD", SECRET).output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    let schema = machine.drctl(&["schema", &arguments[..2].join("-")]);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert_eq!(schema_check::check(&schema, &said), Vec::<String>::new(), "{arguments:?}: {said}");
    said
}

fn points(machine: &Machine) -> Vec<Value> {
    json(machine, &["backup", "list", "dump"])["backups"][0]["points"].as_array().unwrap().clone()
}

/// What the bucket itself holds: the keys that show, and the uploads that are unfinished.
fn bucket(machine: &Machine) -> (Vec<String>, usize) {
    let text = fs::read_to_string(machine.dir().join("work/.drctl/sim/cloud.json")).unwrap();
    let world: Value = serde_json::from_str(&text).unwrap();
    let bucket = &world["accounts"]["000000000000"]["regions"]["eu-west-1"]["buckets"]["shop-dumps"];
    let keys = bucket["objects"].as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default();
    (keys, bucket["uploads"].as_object().map_or(0, serde_json::Map::len))
}

/// A `pg_dump` that writes half of a dump, says that it has, and waits to be let go.
pub(crate) fn halting(machine: &Machine) -> (String, String) {
    let (half, go) = (machine.path_of("log/half"), machine.path_of("go"));
    assert!(machine.run("mkfifo", &[&go]).status.success());
    let script = format!("#!/bin/sh\necho half\n: >{half}\nread x <'{go}'\nhead -c 9000000 /dev/zero\n");
    machine.stand_in("pg_dump", &script);
    (half, go)
}

#[test]
fn a_dump_is_streamed_into_a_bucket_locked_verified_and_restored_from_there() {
    let machine = shop("lock = \"1h\"\n    lock_mode = \"governance\"");
    let before = jiff::Timestamp::now();
    let made = json(&machine, &["backup", "run", "dump"]);
    assert_eq!(made["simulated"], true, "{made}");
    let id = made["point"]["id"].as_str().unwrap().to_owned();
    let (dump, sums) = (format!("nightly/{id}"), format!("nightly/{id}.sha256"));
    assert_eq!(bucket(&machine), (vec![dump, sums], 0));
    let listed = points(&machine);
    let locked: jiff::Timestamp = listed[0]["locked_until"].as_str().unwrap().parse().unwrap();
    assert!(locked.duration_since(before).as_secs() >= 3_600, "{listed:?}");

    let verified = json(&machine, &["backup", "verify", "dump"]);
    assert_eq!(verified["reached"], "canary", "{verified}");
    let (code, said) = drctl(&machine, &["recover", "--scenario", "gone"]);
    assert!(code == 0 && said.contains("aws s3 cp --region eu-west-1 s3://shop-dumps/nightly/"), "{said}");
    let (code, said) = drctl(&machine, &["recover", "--scenario", "gone", "--execute", "--auto-approve"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("measured RPO") && said.contains("SIM"), "{said}");
    let all = "select count(*), md5(string_agg(md5, ',' order by n)) from orders";
    assert_eq!(machine.ask("back", all), machine.ask("shop", all));
    let left: Vec<_> = fs::read_dir(machine.dir().join("scratch")).unwrap().collect();
    assert!(left.is_empty(), "what was brought here is gone: {left:?}");

    next_second();
    let (code, said) = drctl(&machine, &["backup", "run", "dump"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("too old, and locked until"), "{said}");
    assert_eq!(points(&machine).len(), 2);

    // The locks of both are over.
    machine.says(0, &["sim", "advance", "2h"]);
    let later = before.checked_add(jiff::SignedDuration::from_hours(2)).unwrap();
    let mut command = machine.drctl_command(&["backup", "run", "dump"]);
    let output = command.env("PGPASSWORD", SECRET).env("DRCTL_NOW", later.to_string()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.matches("removed, for it was too old").count(), 2, "{output:?}");
    assert_eq!(bucket(&machine).0.len(), 2, "the last one and its checksums");
    let found = machine.run("grep", &["-r", "-l", SECRET, &machine.path_of("work")]);
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}

#[test]
fn what_is_too_old_goes_for_good_with_its_checksums_and_the_newest_never() {
    let machine = shop("");
    drctl(&machine, &["backup", "run", "dump"]);
    let first = points(&machine);
    next_second();
    next_second();
    let (code, said) = drctl(&machine, &["backup", "run", "dump"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(first[0]["id"].as_str().unwrap()) && said.contains("removed"), "{said}");
    assert_eq!(bucket(&machine).0.len(), 2, "no version and no marker of the first is left");
    assert_eq!(points(&machine).len(), 1);
}

#[test]
fn what_is_refused_on_its_way_is_no_dump_and_leaves_nothing() {
    let machine = shop("");
    for call in ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "ListObjectVersions"] {
        machine.says(0, &["sim", "deny", &format!("s3:{call}")]);
        let (code, said) = drctl(&machine, &["backup", "run", "dump"]);
        assert_eq!(code, 1, "{call}: {said}");
        assert!(said.contains("DR621") && said.contains(call), "{call}: {said}");
        assert_eq!(bucket(&machine), (Vec::new(), 0), "{call}");
        if call == "ListObjectVersions" {
            let (code, said) = drctl(&machine, &["backup", "list", "dump"]);
            assert!(code == 1 && said.contains("UNOBSERVED"), "{said}");
            let (code, said) = drctl(&machine, &["recover", "--scenario", "gone"]);
            assert!(code != 0 || said.contains("nobody knows what is in the repository"), "{said}");
        }
        machine.says(0, &["sim", "allow", &format!("s3:{call}")]);
    }
    machine.stand_in("pg_dump", "#!/bin/sh\necho half\necho \"password is $PGPASSWORD\" >&2\nexit 1\n");
    let (code, said) = drctl(&machine, &["backup", "run", "dump"]);
    assert!(code == 1 && said.contains("(sensitive)"), "{said}");
    assert_eq!(bucket(&machine), (Vec::new(), 0));
}

#[test]
fn a_process_that_is_killed_leaves_no_dump_and_what_it_leaves_goes_with_the_next_run() {
    let machine = shop("");
    let (half, go) = halting(&machine);
    let begin = || {
        let _gone = fs::remove_file(&half);
        let mut command = machine.drctl_command(&["backup", "run", "dump"]);
        let child = command.env("PGPASSWORD", SECRET).spawn().unwrap();
        until("that half of it is written", || fs::metadata(&half).is_ok());
        child
    };
    let signal = |child: &std::process::Child, name: &str| {
        assert!(machine.run("kill", &["-s", name, &child.id().to_string()]).status.success());
    };
    let alive = || {
        let found = machine.run("pgrep", &["--full", &machine.path_of("bin/pg_dump")]);
        !found.stdout.is_empty()
    };
    // Asked to end, it throws away what it has begun.
    let mut child = begin();
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    until("that no process is left", || !alive());
    assert_eq!(bucket(&machine), (Vec::new(), 0));

    // Killed, it cannot.
    next_second();
    let mut child = begin();
    signal(&child, "KILL");
    child.wait().unwrap();
    assert_eq!(bucket(&machine), (Vec::new(), 1));
    assert_eq!(points(&machine), Vec::<Value>::new(), "half of a dump is none");
    // The stand-in waits for its line, and finds then that nobody reads what it writes.
    machine.run("timeout", &["5", "sh", "-c", &format!("echo go >'{go}'")]);
    until("that no process is left", || !alive());
    fs::remove_file(machine.dir().join("bin/pg_dump")).unwrap();
    next_second();
    let (code, said) = drctl(&machine, &["backup", "run", "dump"]);
    assert_eq!(code, 0, "{said}");
    let (keys, unfinished) = bucket(&machine);
    assert_eq!((keys.len(), unfinished), (2, 0));
}

#[test]
fn a_region_that_is_cut_off_in_the_middle_makes_no_dump_and_is_unobserved_then() {
    let machine = shop("");
    drctl(&machine, &["backup", "run", "dump"]);
    let good = points(&machine);
    let (half, go) = halting(&machine);
    next_second();
    let child = machine.drctl_command(&["backup", "run", "dump"]).env("PGPASSWORD", SECRET).spawn().unwrap();
    until("that half of it is written", || fs::metadata(&half).is_ok());
    machine.says(0, &["sim", "fail-region", "eu-west-1"]);
    machine.run("timeout", &["5", "sh", "-c", &format!("echo go >'{go}'")]);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(1));
    let (code, said) = drctl(&machine, &["backup", "list", "dump"]);
    assert!(code == 1 && said.contains("UNOBSERVED"), "{said}");
    machine.says(0, &["sim", "restore-region", "eu-west-1"]);
    assert_eq!(points(&machine), good);
    fs::remove_file(machine.dir().join("bin/pg_dump")).unwrap();
    next_second();
    let (code, said) = drctl(&machine, &["backup", "run", "dump"]);
    assert_eq!((code, bucket(&machine).1), (0, 0), "{said}");
}

#[test]
fn what_was_changed_in_the_bucket_is_not_restored() {
    let machine = shop("");
    drctl(&machine, &["backup", "run", "dump"]);
    let id = points(&machine)[0]["id"].as_str().unwrap().to_owned();
    let key = format!("nightly/{id}");
    machine.says(0, &["sim", "put-object", "shop-dumps", &key, "--content", "something else"]);
    let (code, said) = drctl(&machine, &["backup", "verify", "dump"]);
    assert!(code == 3 && said.contains("DR622"), "{said}");
    let (code, said) = drctl(&machine, &["recover", "--scenario", "gone", "--execute", "--auto-approve"]);
    assert!(code != 0 && said.contains("comparing the checksums of a dump"), "{said}");
    assert_eq!(machine.ask("back", "select count(*) from pg_class where relname = 'orders'"), "0");

    // Its checksums are gone: nobody knows what it is.
    machine.says(0, &["sim", "delete-object", "shop-dumps", &format!("{key}.sha256")]);
    let flaw = points(&machine)[0]["flaw"].as_str().unwrap().to_owned();
    assert!(flaw.contains(&format!("s3://shop-dumps/{key}.sha256")), "{flaw}");
}
