//! What the kinds' recovery steps do, against the simulated cloud: once, again under the same key, and
//! where it is refused.
#![allow(clippy::unwrap_used, reason = "a failing test should say where")]

use std::collections::BTreeMap;
use std::sync::Arc;

use drctl_aws::ENTRY;
use drctl_aws::port::StartBackupsReplication;
use drctl_core::provider::{
    AnyCloud, AnyKind, Attempt, ErrorClass, Id, Place, Protection, ProviderError, RecoveryStep, Subject,
    TakeDown, Target, Verb,
};
use drctl_core::value::Value;
use drctl_sim::admin::{Scope, advance, log};
use drctl_sim::world::Outage;
use drctl_sim::{Sim, SimWorld, admin};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

const ACCOUNT: &str = "000000000000";
const ARN: &str = "arn:aws:rds:eu-west-1:000000000000:db:main";
const NOW: &str = "2026-03-02T12:00:00Z";

fn kind(name: &str) -> &'static dyn AnyKind {
    ENTRY.kinds.iter().copied().find(|k| k.name() == name).unwrap()
}

fn world() -> Sim {
    let main = json!({"backup_retention_period": 7, "db_subnet_group": "private", "parameter_groups": ["pg16"],
        "vpc_security_groups": ["sg-1"]});
    let west = json!({"db_instances": {"main": main}, "db_snapshots": {"last": {"instance": "main"}}});
    Sim::memory(SimWorld::seed(&json!({"regions": {"eu-west-1": west}})).unwrap())
}

fn cloud(sim: &Sim, region: &str) -> AnyCloud {
    Arc::new(sim.connect(ACCOUNT, region))
}

fn object(json: Json) -> BTreeMap<String, Value> {
    match Value::from_json(&json).unwrap() {
        Value::Object(map) => map,
        other => panic!("not an object: {other:?}"),
    }
}

/// The steps that bring `main` back as `main-r1`.
fn steps(by: &Protection, region: &str, at: Option<&str>) -> Vec<RecoveryStep> {
    let (id, place) = (Id("main".into()), Place { region: Some("eu-west-1".into()), ..Place::default() });
    let attributes = object(json!({"backup_retention_period": 7, "tags": {"team": "billing"}}));
    let outputs = object(json!({"db_subnet_group": "private", "parameter_groups": ["pg16"],
        "vpc_security_groups": ["sg-1"], "db_instance_class": "db.r6g.large"}));
    let subject = Subject { id: &id, attributes: &attributes, outputs: &outputs, place: &place };
    let target = Target {
        region: region.into(),
        name: "main-r1".into(),
        at: at.map(|at| at.parse().unwrap()),
        now: NOW.parse().unwrap(),
    };
    kind("aws_db_instance").recover(&subject, by, &target)
}

fn verb(steps: &[RecoveryStep], id: &str) -> Verb {
    steps.iter().find(|s| s.id == id).unwrap().verb.clone().unwrap()
}

async fn perform(
    of: &str,
    cloud: &AnyCloud,
    key: &str,
    verb: &Verb,
) -> Result<BTreeMap<String, Value>, ProviderError> {
    kind(of).perform(cloud, &Attempt(key.into()), verb).await
}

fn here() -> Protection {
    Protection::PointInTime { region: "eu-west-1".into(), lag_max: None, window: None }
}

fn of_snapshot() -> Protection {
    let (of, snapshot, region) = ("main".into(), "last".into(), "eu-west-1".into());
    Protection::Snapshot { of, snapshot, region, at: None }
}

/// How often an operation was called.
fn calls(sim: &Sim, operation: &str) -> u64 {
    log(sim).unwrap().operations.get(operation).copied().unwrap_or_default()
}

#[tokio::test]
async fn r10_r11_every_restore_makes_a_new_instance_with_what_is_given_once() {
    let cases = [
        (here(), None, "rds:RestoreDBInstanceToPointInTime"),
        (here(), Some("2026-03-02T11:00:00Z"), "rds:RestoreDBInstanceToPointInTime"),
        (of_snapshot(), None, "rds:RestoreDBInstanceFromDBSnapshot"),
    ];
    for (by, at, operation) in cases {
        let sim = world();
        let west = cloud(&sim, "eu-west-1");
        let restore = verb(&steps(&by, "eu-west-1", at), "restore");
        for _ in 0..2 {
            perform("aws_db_instance", &west, "r1/2", &restore).await.unwrap();
        }
        assert_eq!(calls(&sim, operation), 1, "the second time it is known again");
        let made =
            sim.connect(ACCOUNT, "eu-west-1").describe_db_instances(Some("main-r1")).await.unwrap().remove(0);
        assert_eq!(made.db_subnet_group.as_deref(), Some("private"));
        assert_eq!(
            (made.parameter_groups.as_slice(), made.class.as_str()),
            (&["pg16".to_owned()][..], "db.r6g.large")
        );
        assert_eq!(made.vpc_security_groups, ["sg-1"]);
        assert!(made.deletion_protection && !made.multi_az);
        let tags = [("drctl:attempt", "r1/2"), ("team", "billing")];
        assert_eq!(made.tags, tags.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
        // Another run finds the name taken.
        let taken = perform("aws_db_instance", &west, "r2/2", &restore).await.unwrap_err();
        assert_eq!(taken.class, ErrorClass::Rejected, "{taken}");
    }
}

/// How what the step made is taken down, had that key made it.
fn down(steps: &[RecoveryStep], id: &str, key: &str) -> Option<TakeDown> {
    kind("aws_db_instance").take_down(&verb(steps, id), &Attempt(key.into()), "eu-west-1")
}

#[tokio::test]
async fn r22_r23_what_a_drill_restored_is_removed_by_its_tag_and_nothing_else_is() {
    for by in [here(), of_snapshot()] {
        let sim = world();
        sim.change(|world| world.pace.looks = u32::MAX).unwrap();
        let (west, steps) = (cloud(&sim, "eu-west-1"), steps(&by, "eu-west-1", None));
        for other in ["wait", "protect"] {
            assert_eq!(down(&steps, other, "r1/2"), None, "{other} makes nothing");
        }
        let removed = async |key: &str| {
            let verb = down(&steps, "restore", key).unwrap().verb;
            perform("aws_db_instance", &west, "r1/2/undo", &verb).await
        };
        removed("r1/2").await.expect("what is not there needs nothing");
        perform("aws_db_instance", &west, "r1/2", &verb(&steps, "restore")).await.unwrap();
        let busy = removed("r1/2").await.unwrap_err();
        assert!(busy.is_transient(), "while it is made it cannot be removed: {busy}");
        advance(&sim, SignedDuration::from_hours(1)).unwrap();
        // Another run's, or another step's, is not meant.
        for key in ["r2/2", "r1/3", ""] {
            let refused = removed(key).await.unwrap_err();
            assert!(!refused.is_transient() && refused.message.contains("it stays"), "{refused}");
        }
        assert_eq!(
            calls(&sim, "rds:ModifyDBInstance"),
            1,
            "its protection stays, too: the one was too early"
        );
        assert_eq!(calls(&sim, "rds:DeleteDBInstance"), 0);
        for _ in 0..2 {
            let told = removed("r1/2").await.unwrap();
            assert_eq!(told["status"].as_str(), Some("deleting"));
        }
        assert_eq!(calls(&sim, "rds:DeleteDBInstance"), 1, "the second time it is known again");
        advance(&sim, SignedDuration::from_hours(1)).unwrap();
        removed("r1/2").await.unwrap();
        let left = sim.connect(ACCOUNT, "eu-west-1").describe_db_instances(None).await.unwrap();
        assert_eq!(left.iter().map(|i| i.identifier.as_str()).collect::<Vec<_>>(), ["main"]);
    }
}

#[tokio::test]
async fn r23_production_is_removed_under_no_key_and_what_nobody_may_see_is_not_taken_for_gone() {
    let sim = world();
    let (west, steps) = (cloud(&sim, "eu-west-1"), steps(&here(), "eu-west-1", None));
    let mut verb = down(&steps, "restore", "r1/2").unwrap().verb;
    verb.arguments.insert("db_instance_identifier".into(), "main".into());
    let refused = perform("aws_db_instance", &west, "r1/2/undo", &verb).await.unwrap_err();
    assert!(refused.message.contains("it stays"), "{refused}");
    admin::deny(&sim, Scope::Everywhere, "rds:DescribeDBInstances").unwrap();
    let denied = perform("aws_db_instance", &west, "r1/2/undo", &verb).await.unwrap_err();
    assert_eq!(denied.class, ErrorClass::Denied);
    assert_eq!(calls(&sim, "rds:DeleteDBInstance") + calls(&sim, "rds:ModifyDBInstance"), 0);
}

#[tokio::test]
async fn r12_a_new_instance_is_waited_for_and_then_protected_again() {
    let sim = world();
    let west = cloud(&sim, "eu-west-1");
    let steps = steps(&here(), "eu-west-1", None);
    let (wait, protect) = (verb(&steps, "wait"), verb(&steps, "protect"));
    let early = perform("aws_db_instance", &west, "r1/3", &wait).await.unwrap_err();
    assert!(early.is_transient(), "a new instance is not seen at once: {early}");
    perform("aws_db_instance", &west, "r1/2", &verb(&steps, "restore")).await.unwrap();
    let busy = perform("aws_db_instance", &west, "r1/3", &wait).await.unwrap_err();
    assert!(busy.is_transient() && busy.message.contains("creating"), "{busy}");
    advance(&sim, SignedDuration::from_hours(1)).unwrap();
    for _ in 0..2 {
        let told = perform("aws_db_instance", &west, "r1/3", &wait).await.unwrap();
        assert_eq!(told["endpoint"].as_str(), Some("main-r1.sim.eu-west-1.rds.amazonaws.com"));
    }
    for _ in 0..2 {
        perform("aws_db_instance", &west, "r1/9", &protect).await.unwrap();
    }
    let port = sim.connect(ACCOUNT, "eu-west-1");
    let made = port.describe_db_instances(Some("main-r1")).await.unwrap().remove(0);
    assert_eq!(made.backup_retention_period, 7);
    assert!(made.latest_restorable_time.is_some(), "its own history has begun");
    assert_eq!(calls(&sim, "rds:ModifyDBInstance"), 0, "it was so already");
}

#[tokio::test]
async fn r12_what_never_becomes_available_is_not_waited_for() {
    let sim = world();
    let west = cloud(&sim, "eu-west-1");
    let mut wait = verb(&steps(&here(), "eu-west-1", None), "wait");
    wait.arguments.insert("db_instance_identifier".into(), "main".into());
    let main = admin::Target::Database { account: ACCOUNT, region: "eu-west-1", identifier: "main" };
    admin::set(&sim, main, "/status", json!("incompatible-restore")).unwrap();
    let hopeless = perform("aws_db_instance", &west, "r1/3", &wait).await.unwrap_err();
    assert!(!hopeless.is_transient(), "{hopeless}");
}

#[tokio::test]
async fn r16_r17_replicated_backups_are_found_and_restored_while_their_region_is_cut_off() {
    let sim = world();
    let port = sim.connect(ACCOUNT, "eu-west-2");
    let start =
        StartBackupsReplication { source_arn: ARN.into(), backup_retention_period: 7, kms_key_id: None };
    port.start_backups_replication(&start).await.unwrap();
    for _ in 0..2 {
        advance(&sim, SignedDuration::from_hours(1)).unwrap();
    }
    admin::fail_region(&sim, "eu-west-1", Outage::Unavailable).unwrap();
    let london = cloud(&sim, "eu-west-2");
    let copy = |backup: Option<&str>| Protection::ReplicatedBackups {
        of: ARN.into(),
        backup: backup.map(str::to_owned),
        region: "eu-west-2".into(),
        window: None,
    };
    let find = verb(&steps(&copy(None), "eu-west-2", None), "find_backups");
    let found = perform("aws_db_instance", &london, "r1/2", &find).await.unwrap();
    let arn = found["arn"].as_str().unwrap();
    let of = |at| verb(&steps(&copy(Some(arn)), "eu-west-2", at), "restore");
    for (at, class) in
        [("2026-03-02T13:59:00Z", ErrorClass::Rejected), ("2026-01-01T00:00:00Z", ErrorClass::Rejected)]
    {
        let outside = perform("aws_db_instance", &london, "r1/3", &of(Some(at))).await.unwrap_err();
        assert_eq!(
            (outside.class, outside.code.as_deref()),
            (class, Some("InvalidParameterValue")),
            "{outside}"
        );
    }
    // Its own region is gone; elsewhere nobody knows the copy.
    let lost = perform("aws_db_instance", &cloud(&sim, "eu-west-1"), "r1/3", &of(None)).await.unwrap_err();
    assert_eq!(lost.class, ErrorClass::Unavailable);
    let elsewhere =
        perform("aws_db_instance", &cloud(&sim, "eu-west-3"), "r1/3", &of(None)).await.unwrap_err();
    assert_eq!(elsewhere.class, ErrorClass::NotFound);
    perform("aws_db_instance", &london, "r1/3", &of(Some("2026-03-02T13:30:00Z"))).await.unwrap();
    let made = port.describe_db_instances(Some("main-r1")).await.unwrap().remove(0);
    assert_eq!(
        (made.engine.as_str(), made.db_subnet_group),
        ("postgres", None),
        "groups stay in their region"
    );
}

#[tokio::test]
async fn what_a_restore_needs_has_to_be_there() {
    let sim = world();
    let west = cloud(&sim, "eu-west-1");
    let good = verb(&steps(&here(), "eu-west-1", None), "restore");
    for (argument, value, class) in [
        ("db_subnet_group", json!("gone"), ErrorClass::NotFound),
        ("parameter_group", json!("gone"), ErrorClass::NotFound),
        ("source_db_instance_identifier", json!("gone"), ErrorClass::NotFound),
        ("db_instance_identifier", json!("1main"), ErrorClass::Rejected),
        ("db_snapshot_identifier", json!("last"), ErrorClass::Rejected),
        ("restore_time", json!("yesterday"), ErrorClass::Rejected),
        ("colour", json!("red"), ErrorClass::Rejected),
    ] {
        let mut bad = good.clone();
        bad.arguments.insert(argument.into(), Value::from_json(&value).unwrap());
        let refused = perform("aws_db_instance", &west, "r1/2", &bad).await.unwrap_err();
        assert_eq!(refused.class, class, "{argument}: {refused}");
    }
    let unknown = Verb { name: "explode".into(), arguments: BTreeMap::new() };
    for name in ["aws_db_instance", "aws_s3_bucket", "aws_db_snapshot"] {
        let refused = perform(name, &west, "r1/2", &unknown).await.unwrap_err();
        assert!(refused.message.contains("no such verb"), "{refused}");
    }
    assert_eq!(sim.read(|world| world.writes).unwrap(), 0, "nothing was done");
}

#[tokio::test]
async fn r24_a_replica_is_promoted_once_and_used_when_it_follows_nothing() {
    let far = json!({"db_instances": {"far": {"backup_retention_period": 0, "read_replica_source": ARN}}});
    let main = json!({"backup_retention_period": 7,
        "read_replicas": ["arn:aws:rds:eu-west-2:000000000000:db:far"]});
    let west = json!({"db_instances": {"main": main}});
    let regions = json!({"regions": {"eu-west-1": west, "eu-west-2": far}});
    let sim = Sim::memory(SimWorld::seed(&regions).unwrap());
    let london = cloud(&sim, "eu-west-2");
    let by = Protection::Replica {
        of: ARN.into(),
        replica: "arn:aws:rds:eu-west-2:000000000000:db:far".into(),
        region: "eu-west-2".into(),
        lag_max: None,
    };
    let steps = steps(&by, "eu-west-2", None);
    let waits = verb(&steps, "wait");
    perform("aws_db_instance", &london, "r1/3", &verb(&steps, "status")).await.unwrap();
    let early = perform("aws_db_instance", &london, "r1/5", &waits).await.unwrap_err();
    assert!(early.to_string().contains("still follows"), "available is not promoted: {early}");
    perform("aws_db_instance", &london, "r1/4", &verb(&steps, "promote")).await.unwrap();
    let busy = perform("aws_db_instance", &london, "r1/5", &waits).await.unwrap_err();
    assert_eq!(busy.class, ErrorClass::Conflict, "{busy}");
    advance(&sim, SignedDuration::from_hours(1)).unwrap();
    let told = perform("aws_db_instance", &london, "r1/5", &waits).await.unwrap();
    assert!(told["endpoint"].as_str().unwrap().starts_with("far."), "{told:?}");
    // Cut off after the call and before the answer was written down: it is not promoted twice.
    perform("aws_db_instance", &london, "r1/4", &verb(&steps, "promote")).await.unwrap();
    assert_eq!(calls(&sim, "rds:PromoteReadReplica"), 1);
    let port = sim.connect(ACCOUNT, "eu-west-2");
    let far = port.describe_db_instances(Some("far")).await.unwrap().remove(0);
    assert_eq!((far.read_replica_source, far.backup_retention_period), (None, 7));
    // One that was never there is not waited for as if it were new.
    let mut gone = verb(&steps, "promote");
    gone.arguments.insert("db_instance_identifier".into(), "gone".into());
    assert!(perform("aws_db_instance", &london, "r1/4", &gone).await.is_err());
}
