//! S3 against ministack, every write checked with boto3, every change by boto3 seen through the port.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use drctl_aws::port::{
    Cloud, DefaultRetention, Encryption, LifecycleRule, LockAtBirth, LockMode, ObjectLockConfiguration,
    Period, PublicAccessBlock, ReplicationConfiguration, ReplicationRule, Transition, VersioningStatus,
};
use drctl_core::provider::ErrorClass;
use serde_json::{Value, json};

use crate::cloud;
use crate::harness::look::boto3;
use crate::harness::proxy::Proxy;
use crate::harness::servers::{Product, Server};

struct World {
    server: Server,
    proxy: Proxy,
    cloud: Cloud,
}

impl World {
    /// ministack behind the counting proxy, with one bucket of ours.
    async fn with_bucket(bucket: &str) -> World {
        let server = Server::start(Product::Ministack).await;
        let proxy = Proxy::start(server.address).await;
        let cloud = cloud(proxy.url(), |_| {}).await;
        cloud.create_bucket(bucket, LockAtBirth::Disabled).await.unwrap();
        World { server, proxy, cloud }
    }

    fn look(&self, calls: Value) -> Vec<Value> {
        boto3(&self.server.url(), "eu-west-2", &calls)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versioning_and_lock() {
    let world = World::with_bucket("locked").await;
    let cloud = &world.cloud;
    assert_eq!(cloud.get_bucket_versioning("locked").await.unwrap().status, None);
    assert_eq!(cloud.get_object_lock_configuration("locked").await, Ok(None));
    cloud.put_bucket_versioning("locked", VersioningStatus::Enabled).await.unwrap();
    // Lock is enabled later, on a bucket that exists (S1).
    let retention = DefaultRetention { mode: LockMode::Governance, period: Period::Days(30) };
    let lock = ObjectLockConfiguration { default_retention: Some(retention) };
    cloud.put_object_lock_configuration("locked", &lock).await.unwrap();
    assert_eq!(cloud.get_object_lock_configuration("locked").await, Ok(Some(lock)));

    let bucket = json!({"Bucket": "locked"});
    let shorter = json!({"Bucket": "locked", "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}});
    let seen = world.look(json!([
        ["s3", "get_bucket_versioning", bucket],
        ["s3", "get_object_lock_configuration", bucket],
        ["s3", "put_object_lock_configuration", shorter],
    ]));
    assert_eq!(seen[0]["Status"], "Enabled");
    let rule = &seen[1]["ObjectLockConfiguration"]["Rule"]["DefaultRetention"];
    assert_eq!((&rule["Mode"], &rule["Days"]), (&json!("GOVERNANCE"), &json!(30)));
    let drifted = cloud.get_object_lock_configuration("locked").await.unwrap().unwrap();
    assert_eq!(drifted.default_retention.map(|r| r.period), Some(Period::Days(1)));

    let years = DefaultRetention { mode: LockMode::Compliance, period: Period::Years(1) };
    let lock = ObjectLockConfiguration { default_retention: Some(years) };
    cloud.put_object_lock_configuration("locked", &lock).await.unwrap();
    assert_eq!(cloud.get_object_lock_configuration("locked").await, Ok(Some(lock)), "years stay years (S6)");
    let cleared = ObjectLockConfiguration { default_retention: None };
    cloud.put_object_lock_configuration("locked", &cleared).await.unwrap();
    assert_eq!(cloud.get_object_lock_configuration("locked").await, Ok(Some(cleared)));
}

#[tokio::test(flavor = "multi_thread")]
async fn lifecycle_and_replication() {
    let world = World::with_bucket("source").await;
    let cloud = &world.cloud;
    cloud.create_bucket("replica", LockAtBirth::Disabled).await.unwrap();
    for bucket in ["source", "replica"] {
        cloud.put_bucket_versioning(bucket, VersioningStatus::Enabled).await.unwrap();
    }
    let rules = vec![
        LifecycleRule {
            id: "all".into(),
            enabled: true,
            noncurrent_days: Some(90),
            ..LifecycleRule::default()
        },
        LifecycleRule {
            id: "logs".into(),
            enabled: false,
            prefix: "logs/".into(),
            tags: [("keep".to_owned(), "no".to_owned()), ("of".to_owned(), "us".to_owned())].into(),
            expiration_days: Some(365),
            transitions: vec![Transition { days: 30, storage_class: "STANDARD_IA".into() }],
            ..LifecycleRule::default()
        },
    ];
    cloud.put_bucket_lifecycle_configuration("source", &rules).await.unwrap();
    assert_eq!(cloud.get_bucket_lifecycle_configuration("source").await, Ok(rules));
    assert_eq!(cloud.get_bucket_replication("source").await, Ok(None));
    let document = replication();
    cloud.put_bucket_replication("source", Some(&document)).await.unwrap();
    assert_eq!(cloud.get_bucket_replication("source").await, Ok(Some(document)));

    let bucket = json!({"Bucket": "source"});
    let shorter = json!({"Bucket": "source", "LifecycleConfiguration": {"Rules": [{"ID": "all", "Status": "Enabled",
        "Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}]}});
    let seen = world.look(json!([
        ["s3", "get_bucket_lifecycle_configuration", bucket],
        ["s3", "get_bucket_replication", bucket],
        ["s3", "put_bucket_lifecycle_configuration", shorter],
        ["s3", "delete_bucket_replication", bucket],
    ]));
    assert_eq!(seen[0]["Rules"][0]["NoncurrentVersionExpiration"]["NoncurrentDays"], 90);
    assert_eq!(seen[0]["Rules"][1]["Filter"]["And"]["Prefix"], "logs/");
    assert_eq!(seen[0]["Rules"][1]["Transitions"][0]["StorageClass"], "STANDARD_IA");
    let rule = &seen[1]["ReplicationConfiguration"]["Rules"][0];
    assert_eq!(rule["Destination"]["Bucket"], "arn:aws:s3:::replica");
    assert_eq!(rule["DeleteMarkerReplication"]["Status"], "Disabled");
    assert_eq!(rule["Destination"]["ReplicationTime"]["Time"]["Minutes"], 15);
    let drifted = cloud.get_bucket_lifecycle_configuration("source").await.unwrap();
    assert_eq!(drifted.len(), 1);
    assert_eq!(drifted[0].noncurrent_days, Some(1));
    assert_eq!(cloud.get_bucket_replication("source").await, Ok(None));
    cloud.put_bucket_lifecycle_configuration("source", &[]).await.unwrap();
    assert_eq!(cloud.get_bucket_lifecycle_configuration("source").await, Ok(vec![]));
}

fn replication() -> ReplicationConfiguration {
    ReplicationConfiguration {
        role: "arn:aws:iam::000000000000:role/replication".into(),
        rules: vec![ReplicationRule {
            id: "all".into(),
            enabled: true,
            priority: 1,
            prefix: String::new(),
            tags: BTreeMap::new(),
            destination: "arn:aws:s3:::replica".into(),
            storage_class: None,
            delete_marker_replication: false,
            replication_time_control: true,
            sse_kms_encrypted_objects: false,
            replica_kms_key_id: None,
        }],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn encryption_access_policy_and_tags() {
    let world = World::with_bucket("plain").await;
    let cloud = &world.cloud;
    let encryption = Encryption {
        sse_algorithm: "aws:kms".into(),
        kms_master_key_id: Some("arn:aws:kms:eu-west-2:000000000000:key/k".into()),
        bucket_key_enabled: true,
    };
    let block =
        PublicAccessBlock { block_public_acls: true, restrict_public_buckets: true, ..Default::default() };
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Sid":"s","Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::plain"}]}"#;
    let tags: BTreeMap<_, _> = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), String::new())].into();
    assert_eq!(cloud.get_bucket_policy("plain").await, Ok(None));
    assert!(cloud.get_bucket_tagging("plain").await.unwrap().is_empty());
    cloud.put_bucket_encryption("plain", &encryption).await.unwrap();
    cloud.put_public_access_block("plain", &block).await.unwrap();
    cloud.put_bucket_policy("plain", Some(policy)).await.unwrap();
    cloud.put_bucket_tagging("plain", &tags).await.unwrap();
    assert_eq!(cloud.get_bucket_encryption("plain").await, Ok(Some(encryption)));
    assert_eq!(cloud.get_public_access_block("plain").await, Ok(Some(block)));
    let stored: Value =
        serde_json::from_str(&cloud.get_bucket_policy("plain").await.unwrap().unwrap()).unwrap();
    assert_eq!(stored, serde_json::from_str::<Value>(policy).unwrap());
    assert_eq!(cloud.get_bucket_tagging("plain").await, Ok(tags));

    let bucket = json!({"Bucket": "plain"});
    let retagged = json!({"Bucket": "plain", "Tagging": {"TagSet": [{"Key": "a", "Value": "2"}]}});
    let seen = world.look(json!([
        ["s3", "get_bucket_encryption", bucket],
        ["s3", "get_public_access_block", bucket],
        ["s3", "get_bucket_tagging", bucket],
        ["s3", "delete_public_access_block", bucket],
        ["s3", "put_bucket_tagging", retagged],
        ["s3", "delete_bucket_policy", bucket],
    ]));
    let rule = &seen[0]["ServerSideEncryptionConfiguration"]["Rules"][0];
    assert_eq!(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "aws:kms");
    assert_eq!(rule["BucketKeyEnabled"], true);
    assert_eq!(seen[1]["PublicAccessBlockConfiguration"]["RestrictPublicBuckets"], true);
    assert_eq!(seen[1]["PublicAccessBlockConfiguration"]["BlockPublicPolicy"], false);
    assert_eq!(seen[2]["TagSet"].as_array().unwrap().len(), 2);
    assert_eq!(cloud.get_public_access_block("plain").await, Ok(None));
    assert_eq!(cloud.get_bucket_tagging("plain").await.unwrap()["a"], "2");
    assert_eq!(cloud.get_bucket_policy("plain").await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_born_found_and_deleted_when_empty() {
    let world = World::with_bucket("old").await;
    let cloud = &world.cloud;
    cloud.create_bucket("born-locked", LockAtBirth::Enabled).await.unwrap();
    let lock = cloud.get_object_lock_configuration("born-locked").await.unwrap();
    assert_eq!(lock, Some(ObjectLockConfiguration { default_retention: None }));
    let names = cloud.list_buckets().await.unwrap();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["born-locked", "old"]);
    assert_eq!(cloud.bucket_is_empty("old").await, Ok(true));
    let object = json!({"Bucket": "old", "Key": "k", "Body": "x"});
    world.look(json!([["s3", "put_object", object]]));
    assert_eq!(cloud.bucket_is_empty("old").await, Ok(false));
    assert_eq!(cloud.delete_bucket("old").await.unwrap_err().class, ErrorClass::Conflict);
    cloud.delete_bucket("born-locked").await.unwrap();
    let seen = world.look(json!([["s3", "head_bucket", {"Bucket": "born-locked"}]]));
    assert_eq!(seen[0]["refused"], "404");
    assert_eq!(cloud.get_bucket_versioning("born-locked").await.unwrap_err().class, ErrorClass::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_sends_gets_only_one_a_question_on_kept_connections() {
    let world = World::with_bucket("read").await;
    let before = world.proxy.calls();
    let cloud = &world.cloud;
    for _ in 0..3 {
        cloud.get_bucket_versioning("read").await.unwrap();
        cloud.get_object_lock_configuration("read").await.unwrap();
        cloud.get_bucket_replication("read").await.unwrap();
        cloud.get_bucket_lifecycle_configuration("read").await.unwrap();
        cloud.get_bucket_encryption("read").await.unwrap();
        cloud.get_public_access_block("read").await.unwrap();
    }
    let new: BTreeMap<_, _> =
        world.proxy.calls().into_iter().filter(|(k, _)| !before.contains_key(k)).collect();
    assert_eq!(new.len(), 6, "{new:?}");
    for (call, count) in &new {
        assert!(call.starts_with("GET /read/?") && *count == 3, "{call}: {count}");
    }
    assert!(world.proxy.connections() <= 2, "{} connections", world.proxy.connections());
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_in_flight_are_bounded_and_side_by_side() {
    let server = Server::start(Product::Ministack).await;
    let proxy = Proxy::start(server.address).await;
    let cloud = cloud(proxy.url(), |s| s.concurrency = 4).await;
    cloud.create_bucket("many", LockAtBirth::Disabled).await.unwrap();
    proxy.delay(Duration::from_millis(50));
    let start = Instant::now();
    let reads: Vec<_> = (0..40)
        .map(|_| {
            let cloud = cloud.clone();
            tokio::spawn(async move { cloud.get_bucket_versioning("many").await })
        })
        .collect();
    for read in reads {
        read.await.unwrap().unwrap();
    }
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(500), "more than 4 at once: {took:?}");
    assert!(took < Duration::from_millis(1900), "not side by side: {took:?}");
    assert!(proxy.connections() <= 5, "{} connections for 4 calls in flight", proxy.connections());
}

/// Where ministack differs from AWS; asserted so that a change of the server is noticed, not used.
#[tokio::test(flavor = "multi_thread")]
async fn deviation_ministack_suspends_versioning_of_a_locked_bucket() {
    let world = World::with_bucket("locked").await;
    let cloud = &world.cloud;
    cloud.put_bucket_versioning("locked", VersioningStatus::Enabled).await.unwrap();
    let lock = ObjectLockConfiguration { default_retention: None };
    cloud.put_object_lock_configuration("locked", &lock).await.unwrap();
    // AWS refuses this with InvalidBucketState.
    assert_eq!(cloud.put_bucket_versioning("locked", VersioningStatus::Suspended).await, Ok(()));
}
