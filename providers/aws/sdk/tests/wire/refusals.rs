//! How refusals and failures of the wire come out of the port.

use std::time::{Duration, Instant};

use drctl_aws::port::LockAtBirth;
use drctl_core::provider::ErrorClass::{self, *};

use crate::cloud;
use crate::harness::canned::{Canned, Reply};
use crate::harness::proxy::{Fault, Proxy};

fn s3(status: u16, code: &str, more: &str) -> Reply {
    Reply::new(status, &format!("<Error><Code>{code}</Code><Message>words</Message>{more}</Error>"))
}

fn query(status: u16, code: &str) -> Reply {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>words</Message></Error></ErrorResponse>"
    );
    Reply::new(status, &body)
}

#[tokio::test]
async fn refusals_of_s3_come_out_in_their_class() {
    let cases: [(Reply, ErrorClass, &str); 16] = [
        (s3(403, "AccessDenied", ""), Denied, "words"),
        (s3(404, "NoSuchBucket", ""), NotFound, "words"),
        (s3(301, "PermanentRedirect", "").header("x-amz-bucket-region", "eu-west-3"), Elsewhere, "eu-west-3"),
        (s3(301, "PermanentRedirect", ""), Elsewhere, "words"),
        (s3(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"), Elsewhere, "eu-west-1"),
        (s3(503, "SlowDown", ""), Throttled, "words"),
        (s3(400, "ExpiredToken", ""), Credentials, "sign in"),
        (s3(403, "InvalidAccessKeyId", ""), Credentials, "does not know"),
        (s3(403, "SignatureDoesNotMatch", ""), Credentials, "clock"),
        (s3(500, "InternalError", ""), Unavailable, "words"),
        (Reply::new(502, "<html>bad gateway</html>"), Unavailable, "502"),
        (Reply::new(403, ""), Denied, "403"),
        (Reply::new(404, ""), NotFound, "404"),
        (Reply::new(200, "this is not XML"), Malformed, "understood"),
        (
            Reply::new(200, "<VersioningConfiguration><Status>Odd</Status></VersioningConfiguration>"),
            Malformed,
            "Odd",
        ),
        (s3(400, "MalformedXML", ""), Rejected, "words"),
    ];
    for (reply, class, word) in cases {
        let shown = format!("{} {}", reply.status, reply.body);
        let server = Canned::start([reply]).await;
        let error = cloud(server.url(), |_| {}).await.get_bucket_versioning("b").await.unwrap_err();
        assert_eq!(error.class, class, "{shown}: {error}");
        assert!(error.message.contains(word), "{shown}: {error}");
        assert_eq!(error.doing, "reading the versioning of bucket `b`");
    }
}

#[tokio::test]
async fn what_is_not_configured_is_none_and_a_denied_call_is_not_s12() {
    let absent = [
        "ObjectLockConfigurationNotFoundError",
        "ReplicationConfigurationNotFoundError",
        "NoSuchLifecycleConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchBucketPolicy",
        "NoSuchTagSet",
    ];
    let server = Canned::start(absent.map(|code| s3(404, code, ""))).await;
    let cloud1 = cloud(server.url(), |_| {}).await;
    assert_eq!(cloud1.get_object_lock_configuration("b").await, Ok(None));
    assert_eq!(cloud1.get_bucket_replication("b").await, Ok(None));
    assert_eq!(cloud1.get_bucket_lifecycle_configuration("b").await, Ok(vec![]));
    assert_eq!(cloud1.get_bucket_encryption("b").await, Ok(None));
    assert_eq!(cloud1.get_public_access_block("b").await, Ok(None));
    assert_eq!(cloud1.get_bucket_policy("b").await, Ok(None));
    assert!(cloud1.get_bucket_tagging("b").await.unwrap().is_empty());

    for code in ["AccessDenied", "NoSuchBucket"] {
        let status = if code == "AccessDenied" { 403 } else { 404 };
        let class = if code == "AccessDenied" { Denied } else { NotFound };
        let server = Canned::start((0..7).map(|_| s3(status, code, ""))).await;
        let cloud = cloud(server.url(), |_| {}).await;
        let found = [
            cloud.get_object_lock_configuration("b").await.err(),
            cloud.get_bucket_replication("b").await.err(),
            cloud.get_bucket_lifecycle_configuration("b").await.err(),
            cloud.get_bucket_encryption("b").await.err(),
            cloud.get_public_access_block("b").await.err(),
            cloud.get_bucket_policy("b").await.err(),
            cloud.get_bucket_tagging("b").await.err(),
        ];
        for error in found {
            assert_eq!(error.expect("a refusal is no absence").class, class);
        }
    }
}

#[tokio::test]
async fn creating_a_bucket_tells_ours_from_theirs() {
    let server =
        Canned::start([s3(409, "BucketAlreadyOwnedByYou", ""), s3(409, "BucketAlreadyExists", "")]).await;
    let cloud = cloud(server.url(), |_| {}).await;
    cloud.create_bucket("b", LockAtBirth::Enabled).await.unwrap();
    let error = cloud.create_bucket("b", LockAtBirth::Disabled).await.unwrap_err();
    assert_eq!(error.class, Foreign);
    let seen = server.seen();
    assert!(seen[0].text().contains("<LocationConstraint>eu-west-2</LocationConstraint>"));
    assert_eq!(seen[0].header("x-amz-bucket-object-lock-enabled"), Some("true"));
    assert_eq!(seen[1].header("x-amz-bucket-object-lock-enabled"), None);
}

#[tokio::test]
async fn refusals_of_rds_come_out_in_their_class() {
    for (status, code, class) in [
        (403, "AccessDenied", Denied),
        (400, "Throttling", Throttled),
        (403, "InvalidClientTokenId", Credentials),
        (400, "InvalidDBInstanceState", Conflict),
        (404, "DBInstanceNotFound", NotFound),
        (400, "InvalidParameterValue", Rejected),
        (503, "ServiceUnavailable", Unavailable),
    ] {
        let server = Canned::start([query(status, code)]).await;
        let error = cloud(server.url(), |_| {}).await.describe_db_instances(None).await.unwrap_err();
        assert_eq!(error.class, class, "{code}: {error}");
        assert_eq!(error.code.as_deref(), Some(code));
    }
    let server = Canned::start([query(404, "DBInstanceNotFound"), query(404, "DBSnapshotNotFound")]).await;
    let cloud = cloud(server.url(), |_| {}).await;
    assert_eq!(cloud.describe_db_instances(Some("gone")).await, Ok(vec![]));
    assert_eq!(cloud.describe_db_snapshots(Some("gone")).await, Ok(vec![]));
}

#[tokio::test]
async fn a_throttled_call_is_sent_again_and_no_more_than_allowed() {
    let calm = || Reply::new(200, "<VersioningConfiguration/>");
    let server = Canned::start([s3(503, "SlowDown", ""), calm()]).await;
    let cloud1 = cloud(server.url(), |s| s.max_attempts = 3).await;
    cloud1.get_bucket_versioning("b").await.unwrap();
    assert_eq!(server.seen().len(), 2);
    let server = Canned::start((0..9).map(|_| s3(500, "InternalError", ""))).await;
    let cloud2 = cloud(server.url(), |s| s.max_attempts = 2).await;
    cloud2.get_bucket_versioning("b").await.unwrap_err();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_dead_or_broken_server_is_unavailable_within_bounds() {
    let server = Canned::start((0..9).map(|_| Reply::new(200, "<VersioningConfiguration/>"))).await;
    let address = server.url().trim_start_matches("http://").parse().unwrap();
    for (fault, class) in [
        (Fault::Reset, Unavailable),
        (Fault::Broken, Unavailable),
        (Fault::Hang, Timeout),
        (Fault::Denied, Denied),
    ] {
        let proxy = Proxy::start(address).await;
        proxy.fail("versioning", fault);
        let cloud = cloud(proxy.url(), |s| s.call_timeout = Duration::from_millis(300)).await;
        let start = Instant::now();
        let error = cloud.get_bucket_versioning("b").await.unwrap_err();
        assert_eq!(error.class, class, "{fault:?}: {error}");
        assert!(start.elapsed() < Duration::from_secs(5), "{fault:?} took {:?}", start.elapsed());
    }
    let cloud = cloud("http://127.0.0.1:1".into(), |_| {}).await;
    let error = cloud.get_bucket_versioning("b").await.unwrap_err();
    assert_eq!(error.class, Unavailable, "{error}");
}
