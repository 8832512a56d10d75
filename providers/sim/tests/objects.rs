//! What drctl does with objects through the port, against S3's rules.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

use drctl_aws::objects::Prefixed;
use drctl_aws::port::{Cloud, VersionEntry, VersionKind, VersioningStatus};
use drctl_core::objects::{Objects, Put, When};
use drctl_core::provider::ErrorClass;
use drctl_sim::{Sim, SimWorld};
use jiff::SignedDuration;
use serde_json::{Value, json};

const ACCOUNT: &str = "000000000000";

fn world(bucket: Value) -> (Sim, Cloud) {
    let seed = json!({ "regions": { "eu-west-1": { "buckets": { "aaa": bucket } } } });
    let sim = Sim::memory(SimWorld::seed(&seed).unwrap());
    let cloud = sim.connect(ACCOUNT, "eu-west-1");
    (sim, cloud)
}

fn put(sim: &Sim, key: &str, text: &str) -> String {
    sim.change(|w| w.put_text("aaa", key, text)).unwrap().unwrap()
}

fn delete(sim: &Sim, key: &str) {
    sim.change(|w| w.delete_object("aaa", key)).unwrap().unwrap();
}

async fn all(cloud: &Cloud) -> Vec<VersionEntry> {
    let (mut all, mut mark) = (Vec::new(), None);
    loop {
        let page = cloud.list_object_versions("aaa", "", mark.as_ref()).await.unwrap();
        all.extend(page.entries);
        match page.next {
            Some(next) => mark = Some(next),
            None => return all,
        }
    }
}

#[tokio::test]
async fn pages_hold_every_version_once_by_key_and_newest_first() {
    let (sim, cloud) = world(json!({ "versioning": "Enabled" }));
    let mut ids = Vec::new();
    for nth in 0..130 {
        for key in ["b", "a"] {
            ids.push(put(&sim, key, &format!("{key}{nth}")));
        }
    }
    let found = all(&cloud).await;
    let of = |key: &str| found.iter().filter(|e| e.key == key).map(|e| e.version.clone()).collect::<Vec<_>>();
    let expected = |skip: usize| ids.iter().skip(skip).step_by(2).rev().cloned().collect::<Vec<_>>();
    assert_eq!((of("b"), of("a")), (expected(0), expected(1)));
    assert_eq!(found.len(), 260);
    assert!(found.is_sorted_by_key(|e| e.key.clone()));
    let latest: Vec<&str> = found.iter().filter(|e| e.is_latest).map(|e| e.key.as_str()).collect();
    assert_eq!(latest, ["a", "b"]);
}

#[tokio::test]
async fn s9_a_delete_marker_hides_and_its_removal_shows() {
    let lock = json!({ "versioning": "Enabled", "object_lock": { "mode": "COMPLIANCE", "days": 10 } });
    let (sim, cloud) = world(lock);
    put(&sim, "k", "text");
    delete(&sim, "k");
    assert_eq!(cloud.head_object("aaa", "k", None).await, Ok(None));
    assert_eq!(cloud.list_objects("aaa", "", None).await.unwrap().objects, 0);
    let marker = all(&cloud).await.remove(0);
    assert_eq!((&marker.is, marker.is_latest), (&VersionKind::DeleteMarker, true));
    for _ in 0..2 {
        cloud.remove_delete_marker("aaa", "k", &marker.version).await.unwrap();
    }
    let head = cloud.head_object("aaa", "k", None).await.unwrap().unwrap();
    assert_eq!(head.size, 4);
    // The SHA-256 of `text`, as `openssl dgst -sha256 -binary | base64` has it.
    assert_eq!(head.checksums["sha256"], "mC2ePrmW9VnmM/TRlN7zdh2Qn1o7ZH0ahR/q1nwyydE=");
    assert_eq!(cloud.list_objects("aaa", "", None).await.unwrap().objects, 1);
}

#[tokio::test]
async fn s3_s4_a_locked_version_is_never_deleted() {
    for mode in ["COMPLIANCE", "GOVERNANCE"] {
        let (sim, cloud) =
            world(json!({ "versioning": "Enabled", "object_lock": { "mode": mode, "days": 10 } }));
        let id = put(&sim, "k", "text");
        let refused = cloud.remove_delete_marker("aaa", "k", &id).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Denied, "{mode}: {refused}");
        assert!(cloud.head_object("aaa", "k", None).await.unwrap().unwrap().retention.is_some());
    }
}

#[tokio::test]
async fn s5_s14_a_copy_is_the_newest_version_and_locked_as_a_new_one() {
    let (sim, cloud) =
        world(json!({ "versioning": "Enabled", "object_lock": { "mode": "GOVERNANCE", "days": 1 } }));
    let good = put(&sim, "k", "good");
    put(&sim, "k", "bad");
    sim.change(|w| w.advance(SignedDuration::from_hours(48))).unwrap().unwrap();
    cloud.copy_object_version("aaa", "k", &good).await.unwrap();
    let now = cloud.head_object("aaa", "k", None).await.unwrap().unwrap();
    let then = cloud.head_object("aaa", "k", Some(&good)).await.unwrap().unwrap();
    assert_eq!((now.size, &now.etag), (4, &then.etag));
    assert!(now.retention.unwrap().until > then.retention.unwrap().until);
    assert_eq!(all(&cloud).await.len(), 3, "nothing was deleted");
    for gone in [("k", "nonesuch"), ("nonesuch", good.as_str())] {
        let refused = cloud.copy_object_version("aaa", gone.0, gone.1).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::NotFound);
    }
    delete(&sim, "k");
    let marker = all(&cloud).await.remove(0).version;
    let refused = cloud.copy_object_version("aaa", "k", &marker).await.unwrap_err();
    assert!(refused.message.contains("[S9]"), "{refused}");
}

#[tokio::test]
async fn s14_s15_with_versioning_suspended_a_copy_writes_over_the_null_version() {
    let (sim, cloud) = world(json!({ "versioning": "Enabled" }));
    let good = put(&sim, "k", "good");
    cloud.put_bucket_versioning("aaa", VersioningStatus::Suspended).await.unwrap();
    assert_eq!(put(&sim, "k", "bad"), "null");
    cloud.copy_object_version("aaa", "k", &good).await.unwrap();
    let ids: Vec<String> = all(&cloud).await.into_iter().map(|e| e.version).collect();
    assert_eq!(ids, ["null".to_owned(), good]);
    assert_eq!(cloud.head_object("aaa", "k", None).await.unwrap().unwrap().size, 4);
}

#[tokio::test]
async fn s17_mfa_delete_lets_no_marker_be_removed() {
    let (sim, cloud) = world(json!({ "versioning": "Enabled", "mfa_delete": true }));
    put(&sim, "k", "text");
    delete(&sim, "k");
    let marker = all(&cloud).await.remove(0).version;
    let refused = cloud.remove_delete_marker("aaa", "k", &marker).await.unwrap_err();
    assert!(refused.message.contains("[S17]"), "{refused}");
}

#[tokio::test]
async fn s32_what_is_larger_than_five_gigabytes_is_not_copied() {
    let (sim, cloud) = world(json!({ "versioning": "Enabled" }));
    let id = put(&sim, "k", "large");
    sim.change(|w| {
        let bucket = w.find_bucket_mut("aaa").unwrap();
        bucket.objects.get_mut("k").unwrap()[0].content.size = 6 << 30;
    })
    .unwrap();
    let refused = cloud.copy_object_version("aaa", "k", &id).await.unwrap_err();
    assert!(refused.message.contains("[S32]"), "{refused}");
}

#[tokio::test]
async fn a_bucket_elsewhere_or_of_somebody_else_is_told_apart_from_one_that_is_empty() {
    let (sim, _) = world(json!({}));
    let london = sim.connect(ACCOUNT, "eu-west-2");
    let refused = london.list_object_versions("aaa", "", None).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Elsewhere);
    let refused = london.list_objects("nonesuch", "", None).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::NotFound);
}

#[tokio::test]
async fn s33_who_asks_to_be_the_first_is_told_when_another_one_was() {
    for versioning in [json!({}), json!({ "versioning": "Enabled" })] {
        let (_sim, cloud) = world(versioning);
        let put = async |text: &str, when| cloud.put_object("aaa", "k", text.as_bytes(), when).await.unwrap();
        let get = async || cloud.get_object("aaa", "k", 100).await.unwrap();
        assert_eq!(get().await, None);
        assert_eq!(put("one", When::Absent).await, Put::Done);
        assert_eq!(put("two", When::Absent).await, Put::Taken);
        assert_eq!(get().await.unwrap(), b"one");
        assert_eq!(put("three", When::Always).await, Put::Done);
        assert_eq!(get().await.unwrap(), b"three");
        for _ in 0..2 {
            cloud.delete_object("aaa", "k").await.unwrap();
        }
        assert_eq!(get().await, None);
        assert_eq!(put("four", When::Absent).await, Put::Done, "a delete marker counts as none");
    }
}

#[tokio::test]
async fn objects_below_a_prefix_are_put_got_listed_and_refused() {
    let (sim, cloud) = world(json!({}));
    put(&sim, "elsewhere", "text");
    let objects = Prefixed::new(cloud.clone(), "aaa", "dr/");
    for nth in 0..130 {
        let done = objects.put(&format!("runs/{nth:03}"), b"12345", When::Always).await;
        assert_eq!(done.unwrap(), Put::Done);
    }
    assert_eq!(cloud.get_object("aaa", "dr/runs/007", 5).await.unwrap().unwrap(), b"12345");
    let keys = objects.keys("runs/", 120).await.unwrap();
    assert_eq!((keys.len(), keys[0].as_str(), keys[119].as_str()), (120, "runs/000", "runs/119"));
    assert_eq!(objects.keys("", 1000).await.unwrap().len(), 130, "what is not below the prefix is not ours");
    let too_large = objects.get("runs/007", 4).await.unwrap_err();
    assert_eq!(too_large.class, ErrorClass::Malformed, "{too_large}");
    sim.change(|w| w.put_object("aaa", "dr/unknown")).unwrap().unwrap();
    assert_eq!(objects.get("unknown", 100).await.unwrap_err().class, ErrorClass::Malformed);
    let (long, none) = ("k".repeat(1025), String::new());
    for key in [long, none] {
        let refused = cloud.put_object("aaa", &key, b"x", When::Always).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Rejected);
    }
    let nowhere = Prefixed::new(cloud, "nonesuch", "");
    assert_eq!(nowhere.put("k", b"x", When::Absent).await.unwrap_err().class, ErrorClass::NotFound);
    assert_eq!(nowhere.get("k", 1).await.unwrap_err().class, ErrorClass::NotFound);
    assert_eq!(nowhere.delete("k").await.unwrap_err().class, ErrorClass::NotFound);
}
