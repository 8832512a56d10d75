//! The kinds over the wire: created or adopted, read back equal, drift by boto3 seen, calls counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use drctl_aws::ENTRY;
use drctl_aws::port::Cloud;
use drctl_core::provider::{AnyCloud, AnyKind, Attempt, Id, Observed, Request, Update};
use drctl_core::value::Value;
use serde_json::json;

use crate::cloud;
use crate::harness::look::boto3;
use crate::harness::proxy::{Fault, Proxy};
use crate::harness::servers::{Product, Server};

fn kind(name: &str) -> &'static dyn AnyKind {
    *ENTRY.kinds.iter().find(|k| k.name() == name).unwrap()
}

fn any(cloud: Cloud) -> AnyCloud {
    Arc::new(cloud)
}

fn values(json: &serde_json::Value) -> BTreeMap<String, Value> {
    match Value::from_json(json) {
        Some(Value::Object(values)) => values.into_iter().collect(),
        other => panic!("{other:?} is no object"),
    }
}

fn request(id: &str, wanted: &[&str]) -> Request {
    Request { id: Id(id.into()), wanted: wanted.iter().copied().collect() }
}

/// What ruling 11 counts: six GETs a bucket.
const SIX: [&str; 6] = [
    "versioning",
    "object_lock",
    "replication",
    "lifecycle",
    "server_side_encryption",
    "public_access_block",
];

fn bucket(name: &str) -> serde_json::Value {
    json!({
        "bucket": name,
        "versioning": "Enabled",
        "object_lock": {"mode": "GOVERNANCE", "days": 7},
        "lifecycle": {"rule": {"old": {"noncurrent_version_expiration": {"noncurrent_days": 90}}}},
        "server_side_encryption": {"sse_algorithm": "AES256"},
        "public_access_block": {"block_public_acls": true, "block_public_policy": true,
            "ignore_public_acls": true, "restrict_public_buckets": true},
        "tags": {"team": "storage"},
    })
}

async fn read(cloud: &AnyCloud, id: &str, wanted: &[&str]) -> Observed {
    kind("aws_s3_bucket").read(cloud, &request(id, wanted)).await.unwrap().expect("it exists")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_created_read_back_equal_and_its_drift_seen() {
    let server = Server::start(Product::Ministack).await;
    let proxy = Proxy::start(server.address).await;
    let cloud = any(cloud(proxy.url(), |_| {}).await);
    let all: Vec<_> = SIX.into_iter().chain(["tags", "policy"]).collect();
    let gone = kind("aws_s3_bucket").read(&cloud, &request("bkt", &all)).await.unwrap();
    assert_eq!(gone, None);
    let spec = values(&bucket("bkt"));
    kind("aws_s3_bucket").create(&cloud, &Attempt("a".into()), spec.clone()).await.unwrap();
    kind("aws_s3_bucket").complete(&cloud, &Attempt("a".into()), spec.clone()).await.unwrap();
    // The same spec, with its defaults filled in, is what is read back.
    let found = read(&cloud, "bkt", &all).await;
    assert!(found.unobserved.is_empty(), "{:?}", found.unobserved);
    for name in spec.keys() {
        let (wanted, found) = (&spec[name], &found.attributes[name]);
        if !matches!(wanted, Value::Object(_)) {
            assert_eq!(wanted, found, "{name}");
        }
    }
    let writes =
        |calls: BTreeMap<String, usize>| calls.into_iter().filter(|(c, _)| !c.starts_with("GET")).count();
    let before = writes(proxy.calls());
    let again = Update {
        before: found.attributes.clone(),
        after: found.attributes.clone(),
        changed: BTreeSet::new(),
    };
    kind("aws_s3_bucket").update(&cloud, &Attempt("b".into()), again).await.unwrap();
    assert_eq!(writes(proxy.calls()), before, "nothing changed, nothing written");

    let b = json!({"Bucket": "bkt"});
    let drifts = [
        (
            "object_lock",
            json!(["s3", "put_object_lock_configuration", {"Bucket": "bkt", "ObjectLockConfiguration":
            {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}}]),
        ),
        ("lifecycle", json!(["s3", "delete_bucket_lifecycle", b])),
        (
            "server_side_encryption",
            json!(["s3", "put_bucket_encryption", {"Bucket": "bkt", "ServerSideEncryptionConfiguration":
            {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}}]),
        ),
        ("public_access_block", json!(["s3", "delete_public_access_block", b])),
        ("tags", json!(["s3", "put_bucket_tagging", {"Bucket": "bkt", "Tagging": {"TagSet": []}}])),
        (
            "policy",
            json!(["s3", "put_bucket_policy", {"Bucket": "bkt", "Policy":
            "{\"Version\":\"2012-10-17\",\"Statement\":[]}"}]),
        ),
        (
            "versioning",
            json!(["s3", "put_bucket_versioning", {"Bucket": "bkt", "VersioningConfiguration": {"Status": "Suspended"}}]),
        ),
    ];
    let mut last = found;
    for (name, call) in drifts {
        let made = boto3(&server.url(), "eu-west-2", &json!([call]));
        assert_eq!(made[0].get("refused"), None, "{name}");
        let now = read(&cloud, "bkt", &all).await;
        let differing: Vec<_> =
            all.iter().filter(|a| last.attributes.get(**a) != now.attributes.get(**a)).copied().collect();
        assert_eq!(differing, [name], "what boto3 changed is what differs");
        last = now;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_denied_get_is_one_attribute_unobserved() {
    let server = Server::start(Product::Ministack).await;
    let proxy = Proxy::start(server.address).await;
    let cloud = any(cloud(proxy.url(), |_| {}).await);
    kind("aws_s3_bucket").create(&cloud, &Attempt("a".into()), values(&bucket("bkt"))).await.unwrap();
    kind("aws_s3_bucket").complete(&cloud, &Attempt("a".into()), values(&bucket("bkt"))).await.unwrap();
    proxy.fail("?encryption", Fault::Denied);
    let found = read(&cloud, "bkt", &SIX).await;
    assert_eq!(found.unobserved.keys().collect::<Vec<_>>(), ["server_side_encryption"]);
    assert!(found.attributes.contains_key("lifecycle"));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_six_a_bucket_and_one_page_for_a_hundred_instances() {
    let (moto, ministack) = (Server::start(Product::Moto).await, Server::start(Product::Ministack).await);
    let (rds, s3) = (Proxy::start(moto.address).await, Proxy::start(ministack.address).await);
    let cloud = cloud(s3.url(), |settings| {
        settings.endpoint_rds = Some(rds.url());
        settings.endpoint_sts = Some(rds.url());
    })
    .await;
    cloud.get_caller_identity().await.unwrap();
    let make = |n: usize| {
        json!(["rds", "create_db_instance", {"DBInstanceIdentifier": format!("db-{n}"),
            "DBInstanceClass": "db.t3.micro", "Engine": "postgres", "AllocatedStorage": 20,
            "MasterUsername": "u", "MasterUserPassword": "not-a-secret", "BackupRetentionPeriod": 7}])
    };
    boto3(&moto.url(), "eu-west-2", &serde_json::Value::Array((0..20).map(make).collect()));
    let buckets: Vec<_> = (0..20)
        .map(|n| {
            json!(["s3", "create_bucket", {"Bucket": format!("b-{n}"),
        "CreateBucketConfiguration": {"LocationConstraint": "eu-west-2"}}])
        })
        .collect();
    boto3(&ministack.url(), "eu-west-2", &serde_json::Value::Array(buckets));
    let cloud = any(cloud);
    let reads: Vec<_> = (0..20)
        .map(|n| {
            let cloud = cloud.clone();
            tokio::spawn(async move { read(&cloud, &format!("b-{n}"), &SIX).await })
        })
        .collect();
    for found in reads {
        assert!(found.await.unwrap().unobserved.is_empty());
    }
    let requests: Vec<_> =
        (0..20).map(|n| request(&format!("db-{n}"), &["backup_retention_period"])).collect();
    let found = kind("aws_db_instance").read_many(&cloud, &requests).await.unwrap();
    assert_eq!(found.len(), 20);
    assert_eq!(s3.calls().values().sum::<usize>(), 6 * 20);
    assert!(s3.calls().keys().all(|c| c.starts_with("GET ")), "{:?}", s3.calls());
    let expected = [("POST Action=DescribeDBInstances", 1), ("POST Action=GetCallerIdentity", 1)];
    assert_eq!(rds.calls(), expected.map(|(c, n)| (c.to_owned(), n)).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_adopted_and_changed_and_its_drift_seen() {
    let server = Server::start(Product::Moto).await;
    let cloud = any(cloud(server.url(), |_| {}).await);
    boto3(
        &server.url(),
        "eu-west-2",
        &json!([["rds", "create_db_instance", {"DBInstanceIdentifier": "main",
        "DBInstanceClass": "db.t3.micro", "Engine": "postgres", "AllocatedStorage": 20, "MasterUsername": "u",
        "MasterUserPassword": "not-a-secret", "BackupRetentionPeriod": 1}]]),
    );
    let all = [
        "backup_retention_period",
        "preferred_backup_window",
        "preferred_maintenance_window",
        "deletion_protection",
        "copy_tags_to_snapshot",
        "multi_az",
        "tags",
    ];
    let instance = kind("aws_db_instance");
    let before = instance.read(&cloud, &request("main", &all)).await.unwrap().unwrap();
    let wanted =
        values(&json!({"backup_retention_period": 14, "deletion_protection": true, "multi_az": true,
        "copy_tags_to_snapshot": true, "preferred_backup_window": "02:00-03:00",
        "preferred_maintenance_window": "sun:04:00-sun:05:00", "tags": {"by": "drctl"}}));
    let mut after = before.attributes.clone();
    after.extend(wanted.clone());
    let update = Update { before: before.attributes, after, changed: wanted.keys().cloned().collect() };
    instance.update(&cloud, &Attempt("a".into()), update).await.unwrap();
    let mut last = instance.read(&cloud, &request("main", &all)).await.unwrap().unwrap();
    for (name, value) in &wanted {
        assert_eq!(last.attributes.get(name), Some(value), "{name}");
    }
    let arn = "arn:aws:rds:eu-west-2:123456789012:db:main";
    for (name, parameters) in [
        ("backup_retention_period", json!({"BackupRetentionPeriod": 2})),
        ("preferred_backup_window", json!({"PreferredBackupWindow": "03:00-03:30"})),
        ("preferred_maintenance_window", json!({"PreferredMaintenanceWindow": "mon:04:00-mon:05:00"})),
        ("deletion_protection", json!({"DeletionProtection": false})),
        ("copy_tags_to_snapshot", json!({"CopyTagsToSnapshot": false})),
        ("multi_az", json!({"MultiAZ": false})),
        ("tags", json!({})),
    ] {
        let call = if name == "tags" {
            json!(["rds", "remove_tags_from_resource", {"ResourceName": arn, "TagKeys": ["by"]}])
        } else {
            let mut parameters = parameters;
            parameters["DBInstanceIdentifier"] = json!("main");
            parameters["ApplyImmediately"] = json!(true);
            json!(["rds", "modify_db_instance", parameters])
        };
        let made = boto3(&server.url(), "eu-west-2", &json!([call]));
        assert_eq!(made[0].get("refused"), None, "{name}");
        let now = instance.read(&cloud, &request("main", &all)).await.unwrap().unwrap();
        let differing: Vec<_> =
            all.into_iter().filter(|a| last.attributes.get(*a) != now.attributes.get(*a)).collect();
        assert_eq!(differing, [name], "what boto3 changed is what differs");
        last = now;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_taken_once_read_back_equal_and_deleted() {
    let server = Server::start(Product::Moto).await;
    let cloud = any(cloud(server.url(), |_| {}).await);
    boto3(
        &server.url(),
        "eu-west-2",
        &json!([["rds", "create_db_instance", {"DBInstanceIdentifier": "main",
        "DBInstanceClass": "db.t3.micro", "Engine": "postgres", "AllocatedStorage": 20, "MasterUsername": "u",
        "MasterUserPassword": "not-a-secret"}]]),
    );
    let snapshot = kind("aws_db_snapshot");
    let spec = values(&json!({"db_snapshot_identifier": "before-change", "db_instance_identifier": "main",
        "tags": {"run": "r1"}}));
    let asked = request("before-change", &["tags"]);
    assert_eq!(snapshot.read(&cloud, &asked).await.unwrap(), None);
    for _ in 0..2 {
        // The second time repeats the same attempt.
        snapshot.create(&cloud, &Attempt("a".into()), spec.clone()).await.unwrap();
    }
    let found = snapshot.read(&cloud, &asked).await.unwrap().unwrap();
    for (name, value) in &spec {
        assert_eq!(found.attributes.get(name), Some(value), "{name}");
    }
    let seen = boto3(
        &server.url(),
        "eu-west-2",
        &json!([["rds", "describe_db_snapshots", {"SnapshotType": "manual"}]]),
    );
    assert_eq!(seen[0]["DBSnapshots"].as_array().unwrap().len(), 1);
    snapshot.delete(&cloud, &Attempt("d".into()), &asked.id).await.unwrap();
    assert_eq!(snapshot.read(&cloud, &asked).await.unwrap(), None);
}
