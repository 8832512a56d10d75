//! Requests and answers that no stand-in server supports.

use std::collections::BTreeMap;

use drctl_aws::port::{
    BackupsOf, LockMode, NewDbInstance, ObjectRetention, ReplicationConfiguration, ReplicationRule,
    RestoreDbInstanceToPointInTime, SourceRegion, StartBackupsReplication,
};
use drctl_aws_sdk::AssumeRole;
use drctl_core::objects::{Put, When};
use drctl_core::provider::ErrorClass;

use crate::cloud;
use crate::harness::canned::{Canned, Reply};
use crate::harness::http::Message;

const SOURCE: &str = "arn:aws:rds:eu-west-1:111122223333:db:main";

/// The parameters of a request of the query protocol, without the version.
fn parameters(request: &Message) -> BTreeMap<String, String> {
    let text = request.text();
    let pairs = text.split('&').filter_map(|p| p.split_once('='));
    let plain = |s: &str| s.replace("%3A", ":").replace("%2F", "/");
    pairs.filter(|(k, _)| *k != "Version").map(|(k, v)| (k.to_owned(), plain(v))).collect()
}

fn expected(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[tokio::test]
async fn replicated_backups_come_in_pages_without_those_of_this_region_r16() {
    let pages = ["replicated_backups_1.xml", "replicated_backups_2.xml"];
    let server = Canned::start(pages.map(|file| Reply::recorded(200, file))).await;
    let backups = cloud(server.url(), |_| {}).await.describe_replicated_backups(None).await.unwrap();
    let names: Vec<_> = backups.iter().map(|b| (b.source_arn.as_str(), b.status.as_str())).collect();
    assert_eq!(names, [(SOURCE, "replicating"), ("arn:aws:rds:us-east-1:111122223333:db:old", "retained")]);
    let first = &backups[0];
    assert_eq!(first.source_region, "eu-west-1");
    assert_eq!(first.backup_retention_period, 7);
    assert_eq!(first.earliest, Some("2026-11-14T00:05:12.250Z".parse().unwrap()));
    assert_eq!(first.latest, Some("2026-11-21T06:55:00Z".parse().unwrap()));
    assert!(first.kms_key_id.as_deref().unwrap().contains("eu-west-2"));
    assert!(backups[1].latest.is_none(), "no window is told");
    let seen: Vec<_> = server.seen().iter().map(parameters).collect();
    let action = ("Action", "DescribeDBInstanceAutomatedBackups");
    assert_eq!(seen[0], expected(&[action, ("MaxRecords", "100")]));
    assert_eq!(seen[1], expected(&[action, ("MaxRecords", "100"), ("Marker", "page-2")]));
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn replicated_backups_of_one_source() {
    let pages = ["replicated_backups_1.xml", "replicated_backups_2.xml"];
    let server = Canned::start(pages.map(|file| Reply::recorded(200, file))).await;
    let backups = cloud(server.url(), |_| {}).await.describe_replicated_backups(Some(SOURCE)).await.unwrap();
    assert_eq!(backups.len(), 1);
    assert_eq!(backups[0].source_arn, SOURCE);
}

#[tokio::test]
async fn a_service_that_sends_in_circles_is_not_followed() {
    let page = || Reply::recorded(200, "replicated_backups_1.xml");
    let server = Canned::start([page(), page(), page()]).await;
    let error = cloud(server.url(), |_| {}).await.describe_replicated_backups(None).await.unwrap_err();
    assert!(error.message.contains("twice"), "{error}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn replication_is_started_and_stopped_in_the_destination_r15() {
    let server = Canned::start([
        Reply::recorded(200, "start_replication.xml"),
        Reply::recorded(200, "start_replication.xml"),
        Reply::recorded(200, "stop_replication.xml"),
    ])
    .await;
    let cloud = cloud(server.url(), |_| {}).await;
    let key = "arn:aws:kms:eu-west-2:111122223333:key/k".to_owned();
    let start = StartBackupsReplication {
        source_arn: SOURCE.into(),
        backup_retention_period: 7,
        kms_key_id: Some(key.clone()),
    };
    cloud.start_backups_replication(&start).await.unwrap();
    cloud.start_backups_replication(&StartBackupsReplication { kms_key_id: None, ..start }).await.unwrap();
    cloud.stop_backups_replication(SOURCE).await.unwrap();
    let seen: Vec<_> = server.seen();
    let action = ("Action", "StartDBInstanceAutomatedBackupsReplication");
    let source = ("SourceDBInstanceArn", SOURCE);
    let retention = ("BackupRetentionPeriod", "7");
    assert_eq!(parameters(&seen[0]), expected(&[action, source, retention, ("KmsKeyId", &key)]));
    assert_eq!(parameters(&seen[1]), expected(&[action, source, retention]));
    let action = ("Action", "StopDBInstanceAutomatedBackupsReplication");
    assert_eq!(parameters(&seen[2]), expected(&[action, source]));
    for request in &seen {
        let signature = request.header("authorization").unwrap();
        assert!(signature.contains("/eu-west-2/rds/aws4_request"), "{signature}");
    }
}

#[tokio::test]
async fn a_replica_is_promoted_with_its_retention_r2_r24() {
    let name = "PromoteReadReplica";
    let server =
        Canned::start([Reply::new(200, &format!("<{name}Response><{name}Result/></{name}Response>"))]).await;
    cloud(server.url(), |_| {}).await.promote_read_replica("main-far", 14).await.unwrap();
    let seen: Vec<_> = server.seen().iter().map(parameters).collect();
    let identifier = ("DBInstanceIdentifier", "main-far");
    assert_eq!(seen[0], expected(&[("Action", name), identifier, ("BackupRetentionPeriod", "14")]));
}

#[tokio::test]
async fn an_instance_is_deleted_with_its_backups_and_without_a_last_snapshot_r22() {
    let name = "DeleteDBInstance";
    let server =
        Canned::start([Reply::new(200, &format!("<{name}Response><{name}Result/></{name}Response>"))]).await;
    cloud(server.url(), |_| {}).await.delete_db_instance("main-r1").await.unwrap();
    let seen: Vec<_> = server.seen().iter().map(parameters).collect();
    let identifier = ("DBInstanceIdentifier", "main-r1");
    let (snapshot, backups) = (("SkipFinalSnapshot", "true"), ("DeleteAutomatedBackups", "true"));
    assert_eq!(seen, [expected(&[("Action", name), identifier, snapshot, backups])]);
}

#[tokio::test]
async fn replicated_backups_are_restored_by_their_arn_with_everything_given_r11_r17() {
    let answer = || {
        let name = "RestoreDBInstanceToPointInTime";
        Reply::new(200, &format!("<{name}Response><{name}Result/></{name}Response>"))
    };
    let server = Canned::start([answer(), answer()]).await;
    let cloud = cloud(server.url(), |_| {}).await;
    let arn = "arn:aws:rds:eu-west-2:111122223333:auto-backup:ab-1";
    let new = NewDbInstance {
        identifier: "main-r1".into(),
        class: Some("db.r6g.large".into()),
        multi_az: true,
        deletion_protection: true,
        copy_tags_to_snapshot: false,
        db_subnet_group: Some("private".into()),
        vpc_security_groups: vec!["sg-1".into(), "sg-2".into()],
        parameter_group: Some("pg16".into()),
        tags: [("team".to_owned(), "billing".to_owned())].into(),
    };
    let at = RestoreDbInstanceToPointInTime {
        of: BackupsOf::AutomatedBackups(arn.into()),
        restore_time: Some("2026-11-21T06:50:00Z".parse().unwrap()),
        new,
    };
    cloud.restore_db_instance_to_point_in_time(&at).await.unwrap();
    let newest = RestoreDbInstanceToPointInTime {
        of: BackupsOf::Instance("main".into()),
        restore_time: None,
        new: NewDbInstance { identifier: "main-r1".into(), ..NewDbInstance::default() },
    };
    cloud.restore_db_instance_to_point_in_time(&newest).await.unwrap();
    let seen: Vec<_> = server.seen().iter().map(parameters).collect();
    let action = ("Action", "RestoreDBInstanceToPointInTime");
    let target = ("TargetDBInstanceIdentifier", "main-r1");
    assert_eq!(
        seen[0],
        expected(&[
            action,
            target,
            ("SourceDBInstanceAutomatedBackupsArn", arn),
            ("RestoreTime", "2026-11-21T06:50:00Z"),
            ("DBInstanceClass", "db.r6g.large"),
            ("MultiAZ", "true"),
            ("DeletionProtection", "true"),
            ("CopyTagsToSnapshot", "false"),
            ("DBSubnetGroupName", "private"),
            ("VpcSecurityGroupIds.VpcSecurityGroupId.1", "sg-1"),
            ("VpcSecurityGroupIds.VpcSecurityGroupId.2", "sg-2"),
            ("DBParameterGroupName", "pg16"),
            ("Tags.Tag.1.Key", "team"),
            ("Tags.Tag.1.Value", "billing"),
        ])
    );
    let newest = [
        action,
        target,
        ("SourceDBInstanceIdentifier", "main"),
        ("UseLatestRestorableTime", "true"),
        ("MultiAZ", "false"),
        ("DeletionProtection", "false"),
        ("CopyTagsToSnapshot", "false"),
    ];
    assert_eq!(seen[1], expected(&newest));
}

#[tokio::test]
async fn source_regions_say_what_they_support_r15() {
    let server = Canned::start([Reply::recorded(200, "source_regions.xml")]).await;
    let regions = cloud(server.url(), |_| {}).await.describe_source_regions().await.unwrap();
    let region =
        |name: &str, supports| SourceRegion { name: name.to_owned(), supports_backups_replication: supports };
    assert_eq!(regions, [region("eu-west-1", true), region("af-south-1", false)]);
}

#[tokio::test]
async fn a_bucket_is_asked_for_with_its_owner_once_the_account_is_known() {
    let versioning = || Reply::new(200, "<VersioningConfiguration/>");
    let server = Canned::start([versioning(), Reply::recorded(200, "caller.xml"), versioning()]).await;
    let cloud = cloud(server.url(), |_| {}).await;
    assert_eq!(cloud.get_bucket_versioning("b").await.unwrap().status, None);
    let place = cloud.get_caller_identity().await.unwrap();
    assert_eq!(place.account.as_deref(), Some("111122223333"));
    assert_eq!(place.caller.as_deref(), Some("arn:aws:iam::111122223333:user/dr"));
    assert_eq!(place.endpoint, Some(server.url()));
    cloud.get_bucket_versioning("b").await.unwrap();
    let seen = server.seen();
    let owner = |i: usize| seen[i].header("x-amz-expected-bucket-owner").map(str::to_owned);
    assert_eq!((owner(0), owner(2)), (None, Some("111122223333".to_owned())));
    assert!(seen[0].first.starts_with("GET /b/?versioning"), "path style: {}", seen[0].first);
    assert!(seen[1].header("authorization").unwrap().contains("/eu-west-2/sts/"), "R20");
}

#[tokio::test]
async fn a_role_is_assumed_in_the_region_and_its_credentials_used_r20() {
    let server =
        Canned::start([Reply::recorded(200, "assume_role.xml"), Reply::recorded(200, "caller.xml")]).await;
    let cloud = cloud(server.url(), |settings| {
        settings.assume_role = Some(AssumeRole {
            role_arn: "arn:aws:iam::111122223333:role/dr".into(),
            session_name: None,
            external_id: Some("external".into()),
        });
    })
    .await;
    assert_eq!(server.seen().len(), 0, "connecting asks for nothing");
    cloud.get_caller_identity().await.unwrap();
    let seen = server.seen();
    let role = parameters(&seen[0]);
    assert_eq!(role["RoleArn"], "arn:aws:iam::111122223333:role/dr");
    assert_eq!((role["ExternalId"].as_str(), role["RoleSessionName"].as_str()), ("external", "drctl"));
    assert!(seen[0].header("authorization").unwrap().contains("/eu-west-2/sts/"));
    assert!(seen[1].header("authorization").unwrap().contains("Credential=ASIAEXAMPLEOFAROLE/"));
}

#[tokio::test]
async fn replication_rules_are_written_in_full_s23_s25() {
    let server = Canned::start([Reply::new(200, "")]).await;
    let document = ReplicationConfiguration {
        role: "arn:aws:iam::111122223333:role/r".into(),
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
    };
    cloud(server.url(), |_| {}).await.put_bucket_replication("b", Some(&document)).await.unwrap();
    let body = server.seen()[0].text();
    for part in [
        "<Filter><Prefix></Prefix></Filter>",
        "<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>",
        "<ReplicationTime><Status>Enabled</Status><Time><Minutes>15</Minutes></Time></ReplicationTime>",
        "<Metrics><Status>Enabled</Status><EventThreshold><Minutes>15</Minutes></EventThreshold></Metrics>",
        "<Priority>1</Priority>",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert!(!body.contains("SourceSelectionCriteria"), "{body}");
}

#[tokio::test]
async fn nothing_is_deleted_unless_it_was_asked_for() {
    let server = Canned::start((0..4).map(|_| Reply::new(204, ""))).await;
    let cloud = cloud(server.url(), |_| {}).await;
    cloud.put_bucket_lifecycle_configuration("b", &[]).await.unwrap();
    cloud.put_bucket_replication("b", None).await.unwrap();
    cloud.put_bucket_policy("b", None).await.unwrap();
    cloud.put_bucket_tagging("b", &BTreeMap::new()).await.unwrap();
    let calls: Vec<_> = server.seen().iter().map(Message::call).collect();
    let asked: Vec<_> =
        ["lifecycle", "replication", "policy", "tagging"].map(|s| format!("DELETE /b/?{s}")).into();
    assert_eq!(calls, asked);
}

#[tokio::test]
async fn who_asks_to_be_the_first_says_so_and_a_refusal_of_that_is_an_answer_s33() {
    let refused = |status, code: &str| Reply::new(status, &format!("<Error><Code>{code}</Code></Error>"));
    let server = Canned::start([
        Reply::new(200, ""),
        refused(412, "PreconditionFailed"),
        refused(409, "ConditionalRequestConflict"),
        Reply::new(200, ""),
    ])
    .await;
    let cloud = cloud(server.url(), |_| {}).await;
    let first = async || cloud.put_object("own", "lock.json", b"{}", When::Absent).await;
    assert_eq!(first().await, Ok(Put::Done));
    assert_eq!(first().await, Ok(Put::Taken));
    assert_eq!(first().await.unwrap_err().class, ErrorClass::Conflict, "another one was put just now");
    assert_eq!(cloud.put_object("own", "lock.json", b"{}", When::Always).await, Ok(Put::Done));
    let asked: Vec<_> = server.seen().iter().map(|r| r.header("if-none-match").map(str::to_owned)).collect();
    let first = || Some("*".to_owned());
    assert_eq!(asked, [first(), first(), first(), None]);
}

#[tokio::test]
async fn an_upload_is_locked_from_its_beginning_and_each_part_carries_its_sha256() {
    let begun = "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>";
    let done = "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>";
    let arrived = Reply::new(200, "").header("etag", "\"e1\"").header("x-amz-checksum-sha256", "c1");
    let server = Canned::start([Reply::new(200, begun), arrived, Reply::new(200, done)]).await;
    let cloud = cloud(server.url(), |_| {}).await;
    let until = "2026-12-01T00:00:00Z".parse().unwrap();
    let held = ObjectRetention { mode: LockMode::Compliance, until };
    let upload = cloud.create_multipart_upload("b", "k", Some(held)).await.unwrap();
    let part = cloud.upload_part("b", &upload, 1, b"abc".to_vec()).await.unwrap();
    cloud.complete_multipart_upload("b", &upload, std::slice::from_ref(&part)).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("x-amz-object-lock-mode"), Some("COMPLIANCE"));
    assert_eq!(seen[0].header("x-amz-object-lock-retain-until-date"), Some("2026-12-01T00:00:00Z"));
    assert_eq!(seen[0].header("x-amz-checksum-algorithm"), Some("SHA256"));
    let of_abc = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
    assert_eq!(seen[1].header("x-amz-checksum-sha256"), Some(of_abc));
    assert_eq!(part.sha256.as_deref(), Some("c1"), "what the service has compared");
    assert!(seen[2].text().contains("<ChecksumSHA256>c1</ChecksumSHA256>"), "{}", seen[2].text());
}
