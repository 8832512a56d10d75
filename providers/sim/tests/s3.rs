//! S3's rules, each against the port directly: the name of a test starts with the fact it enforces.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

use std::collections::BTreeMap;

use drctl_aws::port::{
    Cloud, DefaultRetention, Encryption, LifecycleRule, LockAtBirth, LockMode, ObjectLockConfiguration,
    Period, ReplicationConfiguration, ReplicationRule, VersioningStatus,
};
use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_sim::objects::Bypass;
use drctl_sim::world::ObjectRetention;
use drctl_sim::{Sim, SimWorld};
use jiff::SignedDuration;
use serde_json::json;

const ACCOUNT: &str = "000000000000";

/// Source `a` in eu-west-1 and destination `bbb` in eu-west-2, as the seed says.
fn world(source: serde_json::Value, destination: serde_json::Value) -> Sim {
    let seed = json!({ "regions": {
        "eu-west-1": { "buckets": { "aaa": source } },
        "eu-west-2": { "buckets": { "bbb": destination } },
    }, "foreign_buckets": ["taken"] });
    Sim::memory(SimWorld::seed(&seed).unwrap())
}

fn enabled() -> serde_json::Value {
    json!({ "versioning": "Enabled" })
}

fn west(sim: &Sim) -> Cloud {
    sim.connect(ACCOUNT, "eu-west-1")
}

fn rule() -> ReplicationRule {
    ReplicationRule {
        id: "all".into(),
        enabled: true,
        priority: 1,
        prefix: String::new(),
        tags: BTreeMap::new(),
        destination: "arn:aws:s3:::bbb".into(),
        storage_class: None,
        delete_marker_replication: false,
        replication_time_control: true,
        sse_kms_encrypted_objects: false,
        replica_kms_key_id: None,
    }
}

fn document(rules: Vec<ReplicationRule>) -> ReplicationConfiguration {
    ReplicationConfiguration { role: "arn:aws:iam::000000000000:role/replicate".into(), rules }
}

fn compliance(days: u32) -> ObjectLockConfiguration {
    let default_retention = Some(DefaultRetention { mode: LockMode::Compliance, period: Period::Days(days) });
    ObjectLockConfiguration { default_retention }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, ProviderError>, code: &str, fact: &str) {
    let error = answer.unwrap_err();
    assert_eq!(error.code.as_deref(), Some(code), "{error}");
    assert!(fact.is_empty() || error.message.contains(&format!("[{fact}]")), "{error}");
}

#[tokio::test]
async fn s1_lock_keeps_versioning_on() {
    let sim = world(enabled(), enabled());
    let aws = west(&sim);
    aws.put_object_lock_configuration("aaa", &ObjectLockConfiguration { default_retention: None })
        .await
        .unwrap();
    refused(aws.put_bucket_versioning("aaa", VersioningStatus::Suspended).await, "InvalidBucketState", "S1");
    assert_eq!(aws.get_bucket_versioning("aaa").await.unwrap().status, Some(VersioningStatus::Enabled));
}

#[tokio::test]
async fn s2_lock_comes_to_an_existing_bucket_only_after_versioning() {
    let sim = world(json!({}), enabled());
    let aws = west(&sim);
    refused(aws.put_object_lock_configuration("aaa", &compliance(30)).await, "InvalidBucketState", "S2");
    aws.put_bucket_versioning("aaa", VersioningStatus::Enabled).await.unwrap();
    aws.put_object_lock_configuration("aaa", &compliance(30)).await.unwrap();
    assert_eq!(aws.get_object_lock_configuration("aaa").await.unwrap(), Some(compliance(30)));
}

#[tokio::test]
async fn s3_compliance_is_neither_deleted_nor_shortened_before_its_end() {
    let sim = world(
        json!({ "versioning": "Enabled", "object_lock": { "mode": "COMPLIANCE", "days": 10 } }),
        enabled(),
    );
    let version = sim.change(|w| w.put_object("aaa", "k")).unwrap().unwrap();
    let delete = |bypass| sim.change(|w| w.delete_object_version("aaa", "k", &version, bypass)).unwrap();
    refused(delete(Bypass::Governance), "AccessDenied", "S3");
    let until = sim.read(|w| w.now).unwrap();
    let sooner = ObjectRetention { mode: LockMode::Compliance, until };
    let shorten = sim.change(|w| w.put_object_retention("aaa", "k", &version, sooner, Bypass::Governance));
    refused(shorten.unwrap(), "AccessDenied", "S3");
    sim.change(|w| w.advance(SignedDuration::from_hours(240))).unwrap().unwrap();
    delete(Bypass::None).unwrap();
    assert!(west(&sim).bucket_is_empty("aaa").await.unwrap());
}

#[tokio::test]
async fn s4_governance_yields_to_those_who_may() {
    let sim = world(
        json!({ "versioning": "Enabled", "object_lock": { "mode": "GOVERNANCE", "days": 10 } }),
        enabled(),
    );
    let version = sim.change(|w| w.put_object("aaa", "k")).unwrap().unwrap();
    let delete = |bypass| sim.change(|w| w.delete_object_version("aaa", "k", &version, bypass)).unwrap();
    refused(delete(Bypass::None), "AccessDenied", "S4");
    delete(Bypass::Governance).unwrap();
}

#[tokio::test]
async fn s5_default_retention_leaves_existing_objects_alone() {
    let sim = world(enabled(), enabled());
    sim.change(|w| w.put_object("aaa", "before")).unwrap().unwrap();
    west(&sim).put_object_lock_configuration("aaa", &compliance(1)).await.unwrap();
    sim.change(|w| w.put_object("aaa", "after")).unwrap().unwrap();
    let locked = |key: &str| sim.read(|w| w.find_bucket("aaa").unwrap().2.objects[key][0].retention).unwrap();
    assert_eq!(locked("before"), None);
    assert_eq!(locked("after").unwrap().mode, LockMode::Compliance);
    // The default itself may be shortened: it is not a promise about objects.
    west(&sim)
        .put_object_lock_configuration("aaa", &ObjectLockConfiguration { default_retention: None })
        .await
        .unwrap();
    assert!(locked("after").is_some());
}

#[tokio::test]
async fn s6_s7_periods_are_positive_bounded_and_stored_as_given() {
    let sim = world(enabled(), enabled());
    let aws = west(&sim);
    let lock = |period| ObjectLockConfiguration {
        default_retention: Some(DefaultRetention { mode: LockMode::Governance, period }),
    };
    refused(aws.put_object_lock_configuration("aaa", &lock(Period::Days(0))).await, "InvalidArgument", "S6");
    for period in [Period::Days(36_501), Period::Years(101)] {
        refused(
            aws.put_object_lock_configuration("aaa", &lock(period)).await,
            "InvalidRetentionPeriod",
            "S7",
        );
    }
    aws.put_object_lock_configuration("aaa", &lock(Period::Years(1))).await.unwrap();
    assert_eq!(aws.get_object_lock_configuration("aaa").await.unwrap(), Some(lock(Period::Years(1))));
}

#[tokio::test]
async fn s8_legal_hold_outlives_retention_and_yields_to_no_bypass() {
    let sim = world(
        json!({ "versioning": "Enabled", "object_lock": { "mode": "GOVERNANCE", "days": 10 } }),
        enabled(),
    );
    let version = sim.change(|w| w.put_object("aaa", "k")).unwrap().unwrap();
    let hold = |on: bool| {
        sim.change(|w| {
            let bucket = w.find_bucket_mut("aaa").unwrap();
            bucket.objects.get_mut("k").unwrap()[0].legal_hold = on;
        })
        .unwrap();
    };
    let delete = |bypass| sim.change(|w| w.delete_object_version("aaa", "k", &version, bypass)).unwrap();
    let held = || async { west(&sim).get_object_legal_hold("aaa", "k", &version).await };
    assert_eq!(held().await, Ok(false));
    hold(true);
    assert_eq!(held().await, Ok(true));
    let nowhere = west(&sim).get_object_legal_hold("aaa", "k", "other").await.unwrap_err();
    assert_eq!(nowhere.code.as_deref(), Some("NoSuchVersion"));
    sim.change(|w| w.advance(SignedDuration::from_hours(24 * 365))).unwrap().unwrap();
    refused(delete(Bypass::Governance), "AccessDenied", "S8");
    assert!(!west(&sim).bucket_is_empty("aaa").await.unwrap());
    hold(false);
    delete(Bypass::None).unwrap();
    assert!(west(&sim).bucket_is_empty("aaa").await.unwrap());
}

#[tokio::test]
async fn s9_delete_marker_hides_a_locked_object() {
    let sim = world(
        json!({ "versioning": "Enabled", "object_lock": { "mode": "COMPLIANCE", "days": 10 } }),
        enabled(),
    );
    sim.change(|w| w.put_object("aaa", "k")).unwrap().unwrap();
    sim.change(|w| w.delete_object("aaa", "k")).unwrap().unwrap();
    let versions = sim.read(|w| w.find_bucket("aaa").unwrap().2.objects["k"].clone()).unwrap();
    assert_eq!(versions.iter().map(|v| v.delete_marker).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn s12_what_is_not_configured_is_none() {
    let sim = world(json!({}), json!({}));
    let aws = west(&sim);
    assert_eq!(aws.get_bucket_versioning("aaa").await.unwrap().status, None);
    assert_eq!(aws.get_object_lock_configuration("aaa").await.unwrap(), None);
    assert_eq!(aws.get_bucket_replication("aaa").await.unwrap(), None);
    assert_eq!(aws.get_bucket_encryption("aaa").await.unwrap(), None);
    assert_eq!(aws.get_public_access_block("aaa").await.unwrap(), None);
    assert_eq!(aws.get_bucket_policy("aaa").await.unwrap(), None);
    assert!(aws.get_bucket_lifecycle_configuration("aaa").await.unwrap().is_empty());
    assert!(aws.get_bucket_tagging("aaa").await.unwrap().is_empty());
    let denied = Sim::memory(SimWorld {
        denied: ["GetBucketPolicy".to_owned()].into(),
        ..sim.read(SimWorld::clone).unwrap()
    });
    assert_eq!(west(&denied).get_bucket_policy("aaa").await.unwrap_err().class, ErrorClass::Denied);
}

#[tokio::test]
async fn s14_versioning_never_returns_to_none() {
    let sim = world(json!({}), json!({}));
    let aws = west(&sim);
    for status in [VersioningStatus::Enabled, VersioningStatus::Suspended] {
        aws.put_bucket_versioning("aaa", status).await.unwrap();
        assert_eq!(aws.get_bucket_versioning("aaa").await.unwrap().status, Some(status));
    }
}

#[tokio::test]
async fn s15_objects_without_versioning_are_overwritten() {
    let sim = world(json!({}), json!({}));
    let put = || sim.change(|w| w.put_object("aaa", "k")).unwrap().unwrap();
    assert_eq!((put(), put()), ("null".to_owned(), "null".to_owned()));
    west(&sim).put_bucket_versioning("aaa", VersioningStatus::Enabled).await.unwrap();
    assert_ne!(put(), "null");
    assert_eq!(sim.read(|w| w.find_bucket("aaa").unwrap().2.objects["k"].len()).unwrap(), 2);
}

#[tokio::test]
async fn s17_mfa_delete_excludes_lifecycle_and_suspension() {
    let sim = world(json!({ "versioning": "Enabled", "mfa_delete": true }), json!({}));
    let aws = west(&sim);
    let rules = [LifecycleRule {
        id: "x".into(),
        enabled: true,
        expiration_days: Some(1),
        ..LifecycleRule::default()
    }];
    refused(aws.put_bucket_lifecycle_configuration("aaa", &rules).await, "InvalidBucketState", "S17");
    refused(aws.put_bucket_versioning("aaa", VersioningStatus::Suspended).await, "AccessDenied", "S17");
}

#[tokio::test]
async fn s18_replication_needs_versioning_on_both_sides_a_destination_and_a_role() {
    let good = document(vec![rule()]);
    let mut elsewhere = good.clone();
    elsewhere.rules[0].destination = "arn:aws:s3:::nowhere".into();
    let roleless = ReplicationConfiguration { role: "replicate".into(), ..good.clone() };
    for (source, destination, document, code) in [
        (json!({}), enabled(), &good, "InvalidRequest"),
        (json!({ "versioning": "Suspended" }), enabled(), &good, "InvalidRequest"),
        (enabled(), json!({}), &good, "InvalidRequest"),
        (enabled(), enabled(), &elsewhere, "InvalidRequest"),
        (enabled(), enabled(), &roleless, "InvalidArgument"),
    ] {
        let sim = world(source, destination);
        refused(west(&sim).put_bucket_replication("aaa", Some(document)).await, code, "S18");
        assert_eq!(west(&sim).get_bucket_replication("aaa").await.unwrap(), None);
    }
    let sim = world(enabled(), enabled());
    west(&sim).put_bucket_replication("aaa", Some(&good)).await.unwrap();
    refused(
        west(&sim).put_bucket_versioning("aaa", VersioningStatus::Suspended).await,
        "InvalidBucketState",
        "S18",
    );
    west(&sim).put_bucket_replication("aaa", None).await.unwrap();
    west(&sim).put_bucket_versioning("aaa", VersioningStatus::Suspended).await.unwrap();
}

#[tokio::test]
async fn s19_s20_only_new_originals_are_replicated() {
    let sim = world(enabled(), enabled());
    sim.change(|w| w.put_object("aaa", "old")).unwrap().unwrap();
    west(&sim).put_bucket_replication("aaa", Some(&document(vec![rule()]))).await.unwrap();
    sim.change(|w| w.put_object("aaa", "new")).unwrap().unwrap();
    let keys = |name: &str| {
        sim.read(|w| w.find_bucket(name).unwrap().2.objects.keys().cloned().collect::<Vec<_>>()).unwrap()
    };
    assert!(keys("bbb").is_empty());
    sim.change(|w| w.advance(SignedDuration::from_mins(15))).unwrap().unwrap();
    assert_eq!(keys("bbb"), ["new"]);
    assert!(sim.read(|w| w.find_bucket("bbb").unwrap().2.objects["new"][0].replica).unwrap());
}

#[tokio::test]
async fn s21_kms_objects_and_replica_key_come_together() {
    let sim = world(enabled(), enabled());
    for (objects, key) in [(true, None), (false, Some("arn:aws:kms:eu-west-2:000000000000:key/k".to_owned()))]
    {
        let wrong = ReplicationRule { sse_kms_encrypted_objects: objects, replica_kms_key_id: key, ..rule() };
        refused(
            west(&sim).put_bucket_replication("aaa", Some(&document(vec![wrong]))).await,
            "InvalidRequest",
            "S21",
        );
    }
}

#[tokio::test]
async fn s23_tag_filter_forbids_replicated_delete_markers() {
    let sim = world(enabled(), enabled());
    let tagged = ReplicationRule {
        tags: [("a".into(), "b".into())].into(),
        delete_marker_replication: true,
        ..rule()
    };
    let plain = ReplicationRule { delete_marker_replication: false, ..tagged.clone() };
    refused(
        west(&sim).put_bucket_replication("aaa", Some(&document(vec![tagged]))).await,
        "InvalidRequest",
        "S23",
    );
    west(&sim).put_bucket_replication("aaa", Some(&document(vec![plain]))).await.unwrap();
}

#[tokio::test]
async fn s24_locked_source_needs_a_locked_destination_and_retention_travels() {
    let lock = json!({ "versioning": "Enabled", "object_lock": { "mode": "COMPLIANCE", "days": 10 } });
    let sim = world(lock.clone(), enabled());
    refused(
        west(&sim).put_bucket_replication("aaa", Some(&document(vec![rule()]))).await,
        "InvalidRequest",
        "S24",
    );
    let sim = world(lock, json!({ "versioning": "Enabled", "object_lock": {} }));
    west(&sim).put_bucket_replication("aaa", Some(&document(vec![rule()]))).await.unwrap();
    sim.change(|w| w.put_object("aaa", "k")).unwrap().unwrap();
    sim.change(|w| w.advance(SignedDuration::from_mins(1))).unwrap().unwrap();
    let retention =
        |name: &str| sim.read(|w| w.find_bucket(name).unwrap().2.objects["k"][0].retention).unwrap();
    assert_eq!(retention("bbb"), retention("aaa"));
}

#[tokio::test]
async fn s25_time_control_bounds_the_lag() {
    for (control, within) in [(true, true), (false, false)] {
        let mut start = world(enabled(), enabled()).read(SimWorld::clone).unwrap();
        start.pace.replication_seconds = 3600;
        let sim = Sim::memory(start);
        let slow = ReplicationRule { replication_time_control: control, ..rule() };
        west(&sim).put_bucket_replication("aaa", Some(&document(vec![slow]))).await.unwrap();
        sim.change(|w| w.put_object("aaa", "k")).unwrap().unwrap();
        sim.change(|w| w.advance(SignedDuration::from_mins(15))).unwrap().unwrap();
        assert_eq!(!sim.connect(ACCOUNT, "eu-west-2").bucket_is_empty("bbb").await.unwrap(), within);
    }
}

#[tokio::test]
async fn s26_ids_and_priorities_are_unique_and_the_document_is_replaced() {
    let sim = world(enabled(), enabled());
    let aws = west(&sim);
    refused(aws.put_bucket_replication("aaa", Some(&document(vec![]))).await, "MalformedXML", "S26");
    let same_id = ReplicationRule { priority: 2, ..rule() };
    let same_priority = ReplicationRule { id: "other".into(), ..rule() };
    for second in [same_id, same_priority] {
        let two = document(vec![rule(), second]);
        refused(aws.put_bucket_replication("aaa", Some(&two)).await, "InvalidArgument", "S26");
    }
    aws.put_bucket_replication("aaa", Some(&document(vec![rule()]))).await.unwrap();
    let other = document(vec![ReplicationRule { id: "other".into(), ..rule() }]);
    aws.put_bucket_replication("aaa", Some(&other)).await.unwrap();
    assert_eq!(aws.get_bucket_replication("aaa").await.unwrap(), Some(other));
}

#[tokio::test]
async fn s28_names_are_global_and_stay_unavailable_after_deletion() {
    let sim = world(json!({}), json!({}));
    let aws = west(&sim);
    let taken = aws.create_bucket("taken", LockAtBirth::Disabled).await.unwrap_err();
    assert_eq!((taken.class, taken.code.as_deref()), (ErrorClass::Foreign, Some("BucketAlreadyExists")));
    assert_eq!(aws.get_bucket_versioning("taken").await.unwrap_err().class, ErrorClass::Denied);
    assert!(!aws.list_buckets().await.unwrap().contains("taken"));
    let elsewhere = aws.get_bucket_versioning("bbb").await.unwrap_err();
    assert_eq!(elsewhere.class, ErrorClass::Elsewhere);
    assert!(elsewhere.message.contains("eu-west-2"), "{elsewhere}");
    aws.create_bucket("aaa", LockAtBirth::Disabled).await.unwrap();
    aws.delete_bucket("aaa").await.unwrap();
    refused(aws.create_bucket("aaa", LockAtBirth::Disabled).await, "OperationAborted", "S28");
    sim.change(|w| w.advance(SignedDuration::from_hours(1))).unwrap().unwrap();
    aws.create_bucket("aaa", LockAtBirth::Enabled).await.unwrap();
    assert_eq!(aws.get_bucket_versioning("aaa").await.unwrap().status, Some(VersioningStatus::Enabled));
}

#[tokio::test]
async fn bucket_is_deleted_only_when_empty() {
    let sim = world(json!({ "versioning": "Enabled", "objects": ["k"] }), json!({}));
    let aws = west(&sim);
    refused(aws.delete_bucket("aaa").await, "BucketNotEmpty", "");
    sim.change(|w| w.delete_object("aaa", "k")).unwrap().unwrap();
    refused(aws.delete_bucket("aaa").await, "BucketNotEmpty", "");
    refused(aws.delete_bucket("nowhere").await, "NoSuchBucket", "");
}

#[tokio::test]
async fn malformed_documents_are_refused() {
    let sim = world(enabled(), enabled());
    let aws = west(&sim);
    let base = LifecycleRule {
        id: "x".into(),
        enabled: true,
        expiration_days: Some(30),
        ..LifecycleRule::default()
    };
    let transition = |days, class: &str| drctl_aws::port::Transition { days, storage_class: class.into() };
    for (rules, code) in [
        (vec![base.clone(), base.clone()], "InvalidArgument"),
        (vec![LifecycleRule { expiration_days: Some(0), ..base.clone() }], "InvalidArgument"),
        (vec![LifecycleRule { expiration_days: None, ..base.clone() }], "InvalidRequest"),
        (vec![LifecycleRule { expired_object_delete_marker: Some(true), ..base.clone() }], "MalformedXML"),
        (vec![LifecycleRule { newer_noncurrent_versions: Some(3), ..base.clone() }], "MalformedXML"),
        (vec![LifecycleRule { transitions: vec![transition(1, "COLD")], ..base.clone() }], "MalformedXML"),
        (
            vec![LifecycleRule { transitions: vec![transition(29, "STANDARD_IA")], ..base.clone() }],
            "InvalidArgument",
        ),
        (
            vec![LifecycleRule { transitions: vec![transition(30, "GLACIER")], ..base.clone() }],
            "InvalidArgument",
        ),
    ] {
        refused(aws.put_bucket_lifecycle_configuration("aaa", &rules).await, code, "");
    }
    for text in [
        "",
        "{",
        "{}",
        r#"{"Statement":[]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Principal":"*","Resource":"arn:aws:s3:::other"}]}"#,
    ] {
        refused(aws.put_bucket_policy("aaa", Some(text)).await, "MalformedPolicy", "");
    }
    let aes = Encryption {
        sse_algorithm: "AES256".into(),
        kms_master_key_id: Some("k".into()),
        bucket_key_enabled: false,
    };
    refused(aws.put_bucket_encryption("aaa", &aes).await, "InvalidArgument", "");
    refused(aws.put_bucket_tagging("aaa", &[("aws:x".into(), "y".into())].into()).await, "InvalidTag", "");
}
