//! Objects and their versions against ministack: what boto3 wrote is seen through the port, and what goes back
//! through the port is read with boto3.

use drctl_aws::port::{Cloud, LockAtBirth, LockMode, ObjectRetention, VersionKind, VersioningStatus};
use drctl_core::objects::{Put, When};
use drctl_core::provider::ErrorClass;
use serde_json::{Value, json};

use crate::cloud;
use crate::harness::look::boto3;
use crate::harness::servers::{Product, Server};

/// A key that a query does not carry as it is. (ministack writes what XML cannot carry into its answer, where S3
/// encodes it: so no control character here.)
const HOSTILE: &str = "a dir/ü+&<?%41>.pdf";

struct World {
    server: Server,
    cloud: Cloud,
}

impl World {
    async fn with_bucket(bucket: &str) -> World {
        let server = Server::start(Product::Ministack).await;
        let cloud = cloud(server.url(), |_| {}).await;
        cloud.create_bucket(bucket, LockAtBirth::Disabled).await.unwrap();
        cloud.put_bucket_versioning(bucket, VersioningStatus::Enabled).await.unwrap();
        World { server, cloud }
    }

    fn look(&self, calls: Value) -> Vec<Value> {
        boto3(&self.server.url(), "eu-west-2", &calls)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_key_shows_again_and_an_earlier_version_comes_back() {
    let world = World::with_bucket("docs").await;
    let put =
        |key: &str, body: &str| json!(["s3", "put_object", {"Bucket": "docs", "Key": key, "Body": body}]);
    let key = |key: &str| json!({"Bucket": "docs", "Key": key});
    for key_of in ["plain.pdf", HOSTILE] {
        let wrote = world.look(json!([
            put(key_of, "right"),
            put(key_of, "wrong!"),
            ["s3", "delete_object", key(key_of)],
        ]));
        let first = wrote[0]["VersionId"].as_str().unwrap();
        let marker = wrote[2]["VersionId"].as_str().unwrap();
        assert_eq!(world.cloud.head_object("docs", key_of, None).await, Ok(None), "{key_of}: it is hidden");

        let page = world.cloud.list_object_versions("docs", key_of, None).await.unwrap();
        assert_eq!((page.entries.len(), &page.next), (3, &None), "{key_of}");
        assert!(page.entries.iter().all(|entry| entry.key == key_of), "{page:?}");
        let latest: Vec<_> = page.entries.iter().filter(|entry| entry.is_latest).collect();
        assert_eq!(latest.len(), 1);
        assert_eq!((latest[0].version.as_str(), &latest[0].is), (marker, &VersionKind::DeleteMarker));
        let old = page.entries.iter().find(|entry| entry.version == first).unwrap();
        assert!(matches!(old.is, VersionKind::Object { size: 5, .. }), "{old:?}");

        world.cloud.remove_delete_marker("docs", key_of, marker).await.unwrap();
        // Once more does no harm: it is gone.
        world.cloud.remove_delete_marker("docs", key_of, marker).await.unwrap();
        let seen = world.cloud.head_object("docs", key_of, None).await.unwrap().unwrap();
        assert_eq!(seen.size, 6, "{key_of}: what the marker hid");
        world.cloud.copy_object_version("docs", key_of, first).await.unwrap();
        let seen = world.look(json!([
            ["s3", "head_object", key(key_of)],
            ["s3", "head_object", {"Bucket": "docs", "Key": key_of, "VersionId": first}],
        ]));
        assert_eq!((&seen[0]["ContentLength"], &seen[1]["ContentLength"]), (&json!(5), &json!(5)));
        assert_ne!(seen[0]["VersionId"], json!(first), "a new version, the old one is kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_counted_over_all_pages_and_one_version_is_looked_at() {
    let world = World::with_bucket("many").await;
    let all: Vec<Value> = (0..12)
        .map(
            |n| json!(["s3", "put_object", {"Bucket": "many", "Key": format!("in/{n:02}"), "Body": "12345"}]),
        )
        .chain([json!(["s3", "put_object", {"Bucket": "many", "Key": "out", "Body": "x",
            "ChecksumAlgorithm": "SHA256"}])])
        .collect();
    let wrote = world.look(Value::Array(all));
    let page = world.cloud.list_objects("many", "in/", None).await.unwrap();
    assert_eq!((page.objects, page.bytes, &page.next), (12, 60, &None));
    assert!(page.newest.is_some());
    let version = wrote[12]["VersionId"].as_str().unwrap();
    let head = world.cloud.head_object("many", "out", Some(version)).await.unwrap().unwrap();
    assert_eq!((head.version.as_deref(), head.size, head.legal_hold), (Some(version), 1, false));
    assert_eq!(world.cloud.head_object("many", "nowhere", None).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn s8_a_legal_hold_is_told_from_none() {
    let world = World::with_bucket("own").await;
    let put = |key: &str| json!(["s3", "put_object", {"Bucket": "worm", "Key": key, "Body": "x"}]);
    let wrote = world.look(json!([
        ["s3", "create_bucket", {"Bucket": "worm", "ObjectLockEnabledForBucket": true,
            "CreateBucketConfiguration": {"LocationConstraint": "eu-west-2"}}],
        put("free"),
        put(HOSTILE),
        put("lifted"),
        ["s3", "put_object_legal_hold", {"Bucket": "worm", "Key": HOSTILE, "LegalHold": {"Status": "ON"}}],
        ["s3", "put_object_legal_hold", {"Bucket": "worm", "Key": "lifted", "LegalHold": {"Status": "ON"}}],
        ["s3", "put_object_legal_hold", {"Bucket": "worm", "Key": "lifted", "LegalHold": {"Status": "OFF"}}],
    ]));
    for (key, nth, held) in [("free", 1, false), (HOSTILE, 2, true), ("lifted", 3, false)] {
        let version = wrote[nth]["VersionId"].as_str().unwrap();
        assert_eq!(world.cloud.get_object_legal_hold("worm", key, version).await, Ok(held), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_object_is_put_got_and_deleted_and_the_first_stays() {
    let world = World::with_bucket("own").await;
    let cloud = &world.cloud;
    for key in ["drctl/lock.json", HOSTILE] {
        assert_eq!(cloud.get_object("own", key, 10).await, Ok(None), "{key}");
        assert_eq!(cloud.put_object("own", key, b"one", When::Absent).await, Ok(Put::Done));
        assert_eq!(cloud.put_object("own", key, b"two", When::Absent).await, Ok(Put::Taken));
        assert_eq!(cloud.get_object("own", key, 10).await, Ok(Some(b"one".to_vec())));
        assert_eq!(cloud.put_object("own", key, b"three", When::Always).await, Ok(Put::Done));
        let seen = world.look(json!([["s3", "head_object", {"Bucket": "own", "Key": key}]]));
        assert_eq!(seen[0]["ContentLength"], json!(5));
        let page = cloud.list_objects("own", "", None).await.unwrap();
        assert_eq!(page.keys, [key]);
        assert!(cloud.get_object("own", key, 4).await.unwrap_err().message.contains("more than 4 bytes"));
        for _ in 0..2 {
            cloud.delete_object("own", key).await.unwrap();
        }
        assert_eq!(cloud.get_object("own", key, 10).await, Ok(None));
        assert_eq!(cloud.put_object("own", key, b"four", When::Absent).await, Ok(Put::Done));
        cloud.delete_object("own", key).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_parts_shows_once_it_is_whole_and_is_locked_from_then_on() {
    let server = Server::start(Product::Ministack).await;
    let cloud = cloud(server.url(), |_| {}).await;
    cloud.create_bucket("dumps", LockAtBirth::Enabled).await.unwrap();
    let until = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() + 86_400).unwrap();
    let held = ObjectRetention { mode: LockMode::Governance, until };
    let keys = [("a/plain.dump", None), (HOSTILE, Some(held))];
    let mut body = vec![7; 5 << 20];
    for (key, retention) in keys {
        let upload = cloud.create_multipart_upload("dumps", key, retention).await.unwrap();
        let first = cloud.upload_part("dumps", &upload, 1, body.clone()).await.unwrap();
        let last = cloud.upload_part("dumps", &upload, 2, b"the end".to_vec()).await.unwrap();
        assert_eq!(cloud.head_object("dumps", key, None).await, Ok(None), "{key}: nothing shows yet");
        let unfinished = cloud.list_multipart_uploads("dumps", &key[..1]).await.unwrap();
        assert_eq!(unfinished.iter().collect::<Vec<_>>(), [&upload]);
        cloud.complete_multipart_upload("dumps", &upload, &[first, last]).await.unwrap();
        assert_eq!(cloud.list_multipart_uploads("dumps", "").await.unwrap(), []);
    }
    body.extend(b"the end");
    let (key, size) = (keys[1].0, u64::try_from(body.len()).unwrap());
    let head = cloud.head_object("dumps", key, None).await.unwrap().unwrap();
    // ministack leaves out what an upload says of locks, where S3 keeps to it: who needs one looks, and locks it.
    assert_eq!((head.size, head.retention), (size, None));
    let version = head.version.unwrap();
    cloud.put_object_retention("dumps", (key, &version), held).await.unwrap();
    let head = cloud.head_object("dumps", key, None).await.unwrap().unwrap();
    assert_eq!(head.retention, Some(held));
    let range = size - 9..size;
    assert_eq!(cloud.read_object("dumps", key, range).await.unwrap(), b"\x07\x07the end");
    assert_eq!(cloud.read_object("dumps", key, 0..size).await.unwrap(), body);
    let seen = boto3(
        &server.url(),
        "eu-west-2",
        &json!([["s3", "get_object_retention", {"Bucket": "dumps", "Key": key}]]),
    );
    assert_eq!(seen[0]["Retention"]["Mode"], "GOVERNANCE", "{seen:?}");

    let refused = cloud.delete_object_version("dumps", key, &version).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Denied, "{refused}");
    let plain = cloud.head_object("dumps", keys[0].0, None).await.unwrap().unwrap();
    for _ in 0..2 {
        cloud.delete_object_version("dumps", keys[0].0, &plain.version.clone().unwrap()).await.unwrap();
    }
    let left = cloud.list_object_versions("dumps", "", None).await.unwrap();
    assert_eq!(left.entries.iter().map(|entry| &entry.key).collect::<Vec<_>>(), [key], "no marker either");

    let upload = cloud.create_multipart_upload("dumps", "a/half.dump", None).await.unwrap();
    cloud.upload_part("dumps", &upload, 1, b"half".to_vec()).await.unwrap();
    for _ in 0..2 {
        cloud.abort_multipart_upload("dumps", &upload).await.unwrap();
    }
    assert_eq!(cloud.list_multipart_uploads("dumps", "a/").await.unwrap(), []);
    let gone = cloud.upload_part("dumps", &upload, 2, b"more".to_vec()).await.unwrap_err();
    assert_eq!(gone.class, ErrorClass::NotFound, "{gone}");
}
