//! What the kinds read and write, against the simulated cloud: the calls, their order, and that
//! doing it twice is doing it once.
#![allow(clippy::unwrap_used, reason = "a failing test should say where")]

use std::collections::{BTreeMap, BTreeSet};

use drctl_aws::ENTRY;
use drctl_core::provider::{AnyCloud, AnyKind, Attempt, ErrorClass, Id, Observed, Request, Update};
use drctl_core::value::Value;
use drctl_sim::admin::{self, Scope};
use drctl_sim::{Sim, SimWorld};
use serde_json::{Value as Json, json};

const ACCOUNT: &str = "000000000000";

fn sim(seed: Json) -> Sim {
    Sim::memory(SimWorld::seed(&seed).unwrap())
}

fn connect(sim: &Sim, region: &str) -> AnyCloud {
    std::sync::Arc::new(sim.connect(ACCOUNT, region))
}

fn kind(name: &str) -> &'static dyn AnyKind {
    ENTRY.kinds.iter().copied().find(|k| k.name() == name).unwrap()
}

fn object(json: Json) -> BTreeMap<String, Value> {
    match Value::from_json(&json).unwrap() {
        Value::Object(map) => map,
        other => panic!("not an object: {other:?}"),
    }
}

fn request(id: &str, wanted: &[&str]) -> Request {
    let wanted = wanted.iter().copied().collect();
    Request { id: Id(id.to_owned()), wanted }
}

fn operations(sim: &Sim) -> Vec<String> {
    let calls = sim.calls().unwrap();
    sim.forget_calls().unwrap();
    calls.into_iter().map(|c| c.operation).collect()
}

const SIX: [&str; 6] = [
    "versioning",
    "object_lock",
    "replication",
    "lifecycle",
    "server_side_encryption",
    "public_access_block",
];

async fn read(sim: &Sim, wanted: &[&str]) -> Option<Observed> {
    kind("aws_s3_bucket").read(&connect(sim, "eu-west-1"), &request("data", wanted)).await.unwrap()
}

fn one_bucket() -> Json {
    json!({"regions": {"eu-west-1": {"buckets": {"data": {}}}}})
}

#[tokio::test]
async fn a_bucket_costs_six_reads_and_one_more_for_policy_and_tags() {
    let sim = sim(one_bucket());
    read(&sim, &SIX).await.unwrap();
    assert_eq!(operations(&sim).len(), 6);
    read(&sim, &[&SIX[..], &["policy", "tags"]].concat()).await.unwrap();
    assert_eq!(operations(&sim).len(), 8);
    read(&sim, &[]).await.unwrap();
    assert_eq!(operations(&sim), ["s3:GetBucketVersioning"]);
}

#[tokio::test]
async fn s12_what_is_not_configured_is_absent() {
    let observed = read(&sim(one_bucket()), &SIX).await.unwrap();
    assert!(observed.unobserved.is_empty(), "{:?}", observed.unobserved);
    for name in ["versioning", "object_lock", "replication", "lifecycle"] {
        assert!(!observed.attributes.contains_key(name), "{name}");
    }
    assert_eq!(read(&sim(json!({})), &SIX).await, None);
}

#[tokio::test]
async fn a_denied_part_is_unobserved_and_never_absent() {
    let mut seed = one_bucket();
    seed["denied"] = json!(["GetObjectLockConfiguration"]);
    let observed = read(&sim(seed), &SIX).await.unwrap();
    assert_eq!(observed.unobserved["object_lock"].class, ErrorClass::Denied);
    assert_eq!(observed.unobserved.len(), 1);
}

#[tokio::test]
async fn a_denied_bucket_is_unobserved_whoever_it_belongs_to() {
    let denied = json!(["s3:Get*"]);
    let ours = json!({"eu-west-1": {"buckets": {"data": {}}}});
    let cases = [
        ("another account's", json!({"foreign_buckets": ["data"]}), true),
        ("nobody's", json!({"denied": denied, "regions": {"eu-west-1": {}}}), true),
        ("ours", json!({"denied": denied, "regions": ours}), false),
        ("unknown", json!({"denied": ["s3:*"], "regions": {"eu-west-1": {}}}), false),
    ];
    for (whose, seed, hint) in cases {
        let sim = sim(seed);
        let answer = kind("aws_s3_bucket").read(&connect(&sim, "eu-west-1"), &request("data", &SIX)).await;
        let error = answer.unwrap_err();
        assert_eq!(error.class, ErrorClass::Denied, "{whose}");
        assert_eq!(error.message.contains("not among the buckets of this account"), hint, "{whose}");
    }
}

#[tokio::test]
async fn a_created_bucket_is_as_written_and_creating_again_changes_nothing() {
    let sim = sim(
        json!({"regions": {"eu-west-2": {"buckets": {"replica": {"versioning": "Enabled", "object_lock": {}}}}}}),
    );
    let spec = object(json!({
        "bucket": "data",
        "versioning": "Enabled",
        "object_lock": {"mode": "GOVERNANCE", "days": 7},
        "lifecycle": {"rule": {"old": {"noncurrent_version_expiration": {"noncurrent_days": 30}}}},
        "server_side_encryption": {"sse_algorithm": "AES256"},
        "public_access_block": {"block_public_acls": true},
        "replication": {"role": format!("arn:aws:iam::{ACCOUNT}:role/r"), "rule": {"all": {
            "destination": "arn:aws:s3:::replica", "delete_marker_replication": "Disabled"}}},
        "tags": {"team": "billing"},
    }));
    let bucket = kind("aws_s3_bucket");
    let cloud = connect(&sim, "eu-west-1");
    let attempt = Attempt("run/1".into());
    bucket.create(&cloud, &attempt, spec.clone()).await.unwrap();
    bucket.complete(&cloud, &attempt, spec.clone()).await.unwrap();
    let names: Vec<&str> = spec.keys().map(String::as_str).collect();
    let order = operations(&sim);
    let position =
        |name: &str| order.iter().position(|o| o == name).unwrap_or_else(|| panic!("{name} in {order:?}"));
    assert!(position("s3:PutBucketVersioning") < position("s3:PutObjectLockConfiguration"));
    assert!(position("s3:PutObjectLockConfiguration") < position("s3:PutBucketReplication"));
    let first = read(&sim, &names).await.unwrap();
    for (name, value) in &spec {
        let row = drctl_core::schema::attribute(bucket.inputs(), name).unwrap();
        assert_eq!(first.attributes.get(name), Some(&(row.canonical)(value.clone()).unwrap()), "{name}");
    }
    bucket.create(&cloud, &attempt, spec.clone()).await.unwrap();
    bucket.complete(&cloud, &attempt, spec.clone()).await.unwrap();
    assert_eq!(read(&sim, &names).await.unwrap(), first);
}

async fn update(sim: &Sim, kind_name: &str, before: Json, after: Json, changed: &[&str]) {
    let changed: BTreeSet<String> = changed.iter().map(|c| (*c).to_owned()).collect();
    let update = Update { before: object(before), after: object(after), changed };
    sim.forget_calls().unwrap();
    kind(kind_name).update(&connect(sim, "eu-west-1"), &Attempt("run/2".into()), update).await.unwrap();
}

#[tokio::test]
async fn s14_removing_versioning_suspends_it() {
    let sim = sim(json!({"regions": {"eu-west-1": {"buckets": {"data": {"versioning": "Enabled"}}}}}));
    let before = json!({"bucket": "data", "versioning": "Enabled"});
    update(&sim, "aws_s3_bucket", before, json!({"bucket": "data"}), &["versioning"]).await;
    let observed = read(&sim, &["versioning"]).await.unwrap();
    assert_eq!(observed.attributes["versioning"], Value::String("Suspended".into()));
}

fn one_instance() -> Json {
    json!({"regions": {"eu-west-1": {"db_instances": {"main": {"backup_retention_period": 7}}}}})
}

#[tokio::test]
async fn r23_all_settings_of_an_instance_go_in_one_call() {
    let sim = sim(one_instance());
    let of = |on: bool, days: u32| json!({"db_instance_identifier": "main", "deletion_protection": on, "backup_retention_period": days});
    let both = ["deletion_protection", "backup_retention_period"];
    update(&sim, "aws_db_instance", of(true, 7), of(false, 3), &both).await;
    assert_eq!(operations(&sim), ["rds:ModifyDBInstance"]);
    let (cloud, attempt, id) = (connect(&sim, "eu-west-1"), Attempt("a".into()), Id("main".into()));
    let answer = kind("aws_db_instance").delete(&cloud, &attempt, &id).await;
    assert_eq!(answer.unwrap_err().class, ErrorClass::Rejected);
}

#[tokio::test]
async fn instances_are_read_by_page_and_a_missing_one_is_absent() {
    let sim = sim(one_instance());
    let requests = [request("main", &[]), request("gone", &[])];
    let found = kind("aws_db_instance").read_many(&connect(&sim, "eu-west-1"), &requests).await.unwrap();
    assert_eq!(found.keys().map(|id| id.0.as_str()).collect::<Vec<_>>(), ["main"]);
    assert_eq!(operations(&sim), ["rds:DescribeDBInstances"]);
}

#[tokio::test]
async fn r15_replication_starts_in_the_destination_once() {
    let sim = sim(one_instance());
    let copies = kind("aws_db_automated_backups_replication");
    let arn = format!("arn:aws:rds:eu-west-1:{ACCOUNT}:db:main");
    let spec = object(json!({"source_db_instance_arn": arn, "backup_retention_period": 14}));
    let cloud = connect(&sim, "eu-west-2");
    for _ in 0..2 {
        copies.create(&cloud, &Attempt("a".into()), spec.clone()).await.unwrap();
    }
    let started = operations(&sim).into_iter().filter(|o| o.starts_with("rds:Start")).count();
    assert_eq!(started, 1);
    let found = copies.read(&cloud, &request(&arn, &[])).await.unwrap().unwrap();
    assert_eq!(found.outputs["source_region"], Value::String("eu-west-1".into()));
}

#[tokio::test]
async fn a_snapshot_is_taken_once_and_deleting_it_twice_is_fine() {
    let sim = sim(one_instance());
    let snapshots = kind("aws_db_snapshot");
    let cloud = connect(&sim, "eu-west-1");
    let spec = object(
        json!({"db_snapshot_identifier": "last", "db_instance_identifier": "main", "tags": {"a": "b"}}),
    );
    let attempt = Attempt("a".into());
    for _ in 0..2 {
        snapshots.create(&cloud, &attempt, spec.clone()).await.unwrap();
    }
    let found = snapshots.read(&cloud, &request("last", &[])).await.unwrap().unwrap();
    assert_eq!(found.attributes["db_instance_identifier"], Value::String("main".into()));
}

#[tokio::test]
async fn s8_every_version_below_the_prefix_is_asked_for_its_hold() {
    let sim = sim(json!({"regions": {"eu-west-1": {"buckets": {"worm": {
        "versioning": "Enabled", "object_lock": {},
    }}}}}));
    let keys = (0..150).map(|n| format!("matter/{n:03}")).chain(["other".to_owned()]);
    for key in keys.chain(["matter/000".to_owned()]) {
        sim.change(|w| w.put_object("worm", &key)).unwrap().unwrap();
    }
    let hold = |key: &str, on: bool| {
        sim.change(|w| {
            let versions = w.find_bucket_mut("worm").unwrap().objects.get_mut(key).unwrap();
            versions.iter_mut().for_each(|version| version.legal_hold = on);
        })
        .unwrap();
    };
    (0..150).for_each(|n| hold(&format!("matter/{n:03}"), true));
    let cloud = connect(&sim, "eu-west-1");
    let holds = kind("aws_s3_legal_hold");
    operations(&sim);
    let asked = request("worm/matter/", &[]);
    let outputs = holds.read(&cloud, &asked).await.unwrap().unwrap().outputs;
    assert_eq!(outputs["versions"], Value::from_json(&json!(151)).unwrap());
    assert_eq!(outputs["not_held"], Value::from_json(&json!(0)).unwrap());
    let calls = operations(&sim);
    assert_eq!(calls.iter().filter(|call| *call == "s3:GetObjectLegalHold").count(), 151);
    assert_eq!(calls.len(), 151 + 2, "two pages");
    // One is lifted, and an earlier version of a key counts as well.
    hold("matter/007", false);
    hold("matter/000", false);
    let outputs = holds.read(&cloud, &asked).await.unwrap().unwrap().outputs;
    assert_eq!(outputs["not_held"], Value::from_json(&json!(3)).unwrap());
    // A hold that may not be asked for is not known, and never taken for lifted.
    admin::deny(&sim, Scope::Everywhere, "s3:GetObjectLegalHold").unwrap();
    assert_eq!(holds.read(&cloud, &asked).await.unwrap_err().class, ErrorClass::Denied);
}

#[tokio::test]
async fn a_prefix_with_too_much_below_it_is_not_looked_through() {
    let bucket = json!({"versioning": "Enabled", "object_lock": {}});
    let sim = sim(json!({"regions": {"eu-west-1": {"buckets": {"worm": bucket}}}}));
    sim.change(|w| (0..1001).try_for_each(|n| w.put_object("worm", &format!("{n}")).map(drop)))
        .unwrap()
        .unwrap();
    let error = kind("aws_s3_legal_hold").read(&connect(&sim, "eu-west-1"), &request("worm/", &[])).await;
    assert!(error.unwrap_err().message.contains("name a narrower prefix"));
}
