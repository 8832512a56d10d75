//! Objects that are made in parts, against S3's rules.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

use drctl_aws::port::{Cloud, LockMode, MultipartUpload, ObjectRetention, UploadedPart};
use drctl_core::provider::ErrorClass;
use drctl_sim::{Sim, SimWorld};
use jiff::SignedDuration;
use serde_json::json;

/// What a part has at least that is not the last one.
const PART: usize = 5 << 20;

fn world() -> (Sim, Cloud) {
    let seed = json!({ "now": "2026-03-02T12:00:00Z", "regions": { "eu-west-1": { "buckets": {
        "locked": { "versioning": "Enabled", "object_lock": {} },
        "plain": {},
    } } } });
    let sim = Sim::memory(SimWorld::seed(&seed).unwrap());
    let cloud = sim.connect("000000000000", "eu-west-1");
    (sim, cloud)
}

async fn sent(cloud: &Cloud, bucket: &str, upload: &MultipartUpload, sizes: &[usize]) -> Vec<UploadedPart> {
    let mut parts = Vec::new();
    for (number, size) in (1..).zip(sizes) {
        parts.push(cloud.upload_part(bucket, upload, number, vec![7; *size]).await.unwrap());
    }
    parts
}

#[tokio::test]
async fn nothing_shows_before_all_parts_are_put_together() {
    let (_sim, cloud) = world();
    let upload = cloud.create_multipart_upload("plain", "a/k", None).await.unwrap();
    let part = cloud.upload_part("plain", &upload, 1, b"some bytes \xff".to_vec()).await.unwrap();
    assert_eq!(cloud.head_object("plain", "a/k", None).await.unwrap(), None);
    assert_eq!(cloud.list_multipart_uploads("plain", "a/").await.unwrap(), std::slice::from_ref(&upload));
    assert_eq!(cloud.list_multipart_uploads("plain", "b/").await.unwrap(), []);
    cloud.complete_multipart_upload("plain", &upload, &[part]).await.unwrap();
    assert_eq!(cloud.head_object("plain", "a/k", None).await.unwrap().unwrap().size, 12);
    assert_eq!(cloud.read_object("plain", "a/k", 5..12).await.unwrap(), b"bytes \xff");
    let beyond = cloud.read_object("plain", "a/k", 5..13).await.unwrap_err();
    assert_eq!(beyond.code.as_deref(), Some("InvalidRange"));
    assert_eq!(cloud.list_multipart_uploads("plain", "").await.unwrap(), []);
    let again = cloud.complete_multipart_upload("plain", &upload, &[]).await.unwrap_err();
    assert_eq!(again.code.as_deref(), Some("NoSuchUpload"));
}

#[tokio::test]
async fn parts_that_are_too_small_missing_or_out_of_order_are_refused_and_an_abort_is_one_at_any_time() {
    let (_sim, cloud) = world();
    let upload = cloud.create_multipart_upload("plain", "k", None).await.unwrap();
    let parts = sent(&cloud, "plain", &upload, &[PART, PART - 1, 1]).await;
    let other = UploadedPart { etag: "other".to_owned(), ..parts[0].clone() };
    for (given, code) in [
        (parts.clone(), "EntityTooSmall"),
        (vec![parts[1].clone(), parts[0].clone()], "InvalidPartOrder"),
        (vec![other], "InvalidPart"),
        (Vec::new(), "InvalidPartOrder"),
    ] {
        let refused = cloud.complete_multipart_upload("plain", &upload, &given).await.unwrap_err();
        assert_eq!(refused.code.as_deref(), Some(code), "{given:?}");
    }
    cloud.complete_multipart_upload("plain", &upload, &[parts[0].clone(), parts[2].clone()]).await.unwrap();
    let size = u64::try_from(PART + 1).unwrap();
    assert_eq!(cloud.head_object("plain", "k", None).await.unwrap().unwrap().size, size);
    let unknown = cloud.read_object("plain", "k", 0..1).await.unwrap_err();
    assert_eq!(unknown.class, ErrorClass::Malformed, "what is large is known by its size alone");

    let upload = cloud.create_multipart_upload("plain", "other", None).await.unwrap();
    for _ in 0..2 {
        cloud.abort_multipart_upload("plain", &upload).await.unwrap();
    }
    let gone = cloud.upload_part("plain", &upload, 1, Vec::new()).await.unwrap_err();
    assert_eq!(gone.class, ErrorClass::NotFound);
}

#[tokio::test]
async fn s2_s3_s4_what_is_locked_from_its_beginning_is_deleted_only_after_its_end() {
    let (sim, cloud) = world();
    let until = "2026-03-03T12:00:00Z".parse().unwrap();
    let held = ObjectRetention { mode: LockMode::Compliance, until };
    let refused = cloud.create_multipart_upload("plain", "k", Some(held)).await.unwrap_err();
    assert_eq!(refused.code.as_deref(), Some("InvalidRequest"), "the bucket has no Object Lock");
    let over = ObjectRetention { until: "2026-03-02T12:00:00Z".parse().unwrap(), ..held };
    let refused = cloud.create_multipart_upload("locked", "k", Some(over)).await.unwrap_err();
    assert_eq!(refused.code.as_deref(), Some("InvalidArgument"), "it would end before it began");

    let upload = cloud.create_multipart_upload("locked", "k", Some(held)).await.unwrap();
    let parts = sent(&cloud, "locked", &upload, &[3]).await;
    cloud.complete_multipart_upload("locked", &upload, &parts).await.unwrap();
    let head = cloud.head_object("locked", "k", None).await.unwrap().unwrap();
    assert_eq!(head.retention, Some(held));
    let version = head.version.unwrap();
    let refused = cloud.delete_object_version("locked", "k", &version).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Denied);
    let shorter = cloud.put_object_retention("locked", ("k", &version), over).await.unwrap_err();
    assert_eq!(shorter.class, ErrorClass::Denied);
    sim.change(|world| world.advance(SignedDuration::from_hours(25))).unwrap().unwrap();
    for _ in 0..2 {
        cloud.delete_object_version("locked", "k", &version).await.unwrap();
    }
    assert_eq!(cloud.head_object("locked", "k", None).await.unwrap(), None);
}
