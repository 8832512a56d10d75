//! RDS against moto, with instances and snapshots made by boto3.

use std::collections::BTreeMap;

use drctl_aws::port::{
    BackupsOf, CreateDbSnapshot, ModifyDbInstance, NewDbInstance, RestoreDbInstanceFromDbSnapshot,
    RestoreDbInstanceToPointInTime,
};
use drctl_core::provider::ErrorClass;
use serde_json::{Value, json};

use crate::cloud;
use crate::harness::look::boto3;
use crate::harness::proxy::Proxy;
use crate::harness::servers::{Product, Server};

const REGION: &str = "eu-west-2";

fn create(name: &str) -> Value {
    json!(["rds", "create_db_instance", {"DBInstanceIdentifier": name, "DBInstanceClass": "db.t3.micro",
        "Engine": "postgres", "AllocatedStorage": 20, "MasterUsername": "u", "MasterUserPassword": "not-a-secret",
        "BackupRetentionPeriod": 1, "Tags": [{"Key": "made", "Value": "elsewhere"}]}])
}

#[tokio::test(flavor = "multi_thread")]
async fn all_instances_come_in_pages_of_a_hundred() {
    let server = Server::start(Product::Moto).await;
    let proxy = Proxy::start(server.address).await;
    let made: Vec<_> = (0..103).map(|n| create(&format!("db-{n:03}"))).collect();
    boto3(&server.url(), REGION, &Value::Array(made));
    let cloud = cloud(proxy.url(), |_| {}).await;
    let found = cloud.describe_db_instances(None).await.unwrap();
    let names: Vec<_> = found.iter().map(|i| i.identifier.clone()).collect();
    assert_eq!(names, (0..103).map(|n| format!("db-{n:03}")).collect::<Vec<_>>());
    let calls = BTreeMap::from([("POST Action=DescribeDBInstances".to_owned(), 2)]);
    assert_eq!(proxy.calls(), calls, "two pages, nothing else");
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_described_and_modified() {
    let server = Server::start(Product::Moto).await;
    boto3(&server.url(), REGION, &json!([create("main")]));
    let cloud = cloud(server.url(), |_| {}).await;
    let main = cloud.describe_db_instances(Some("main")).await.unwrap().remove(0);
    assert_eq!((main.backup_retention_period, main.deletion_protection), (1, false));
    assert_eq!(main.tags, BTreeMap::from([("made".to_owned(), "elsewhere".to_owned())]));
    assert_eq!(cloud.describe_db_instances(Some("none")).await, Ok(vec![]));

    let change = ModifyDbInstance {
        identifier: "main".into(),
        backup_retention_period: Some(14),
        deletion_protection: Some(true),
        copy_tags_to_snapshot: Some(true),
        preferred_backup_window: Some("02:00-03:00".into()),
        ..ModifyDbInstance::default()
    };
    cloud.modify_db_instance(&change).await.unwrap();
    cloud.add_tags_to_resource(&main.arn, &[("by".to_owned(), "drctl".to_owned())].into()).await.unwrap();
    cloud.remove_tags_from_resource(&main.arn, &["made".to_owned()].into()).await.unwrap();
    let drift = json!({"DBInstanceIdentifier": "main", "BackupRetentionPeriod": 3, "ApplyImmediately": true});
    let seen = boto3(
        &server.url(),
        REGION,
        &json!([["rds", "describe_db_instances", {}], ["rds", "modify_db_instance", drift]]),
    );
    let instance = &seen[0]["DBInstances"][0];
    assert_eq!(instance["BackupRetentionPeriod"], 14);
    assert_eq!(instance["DeletionProtection"], true);
    assert_eq!(instance["CopyTagsToSnapshot"], true);
    assert_eq!(instance["PreferredBackupWindow"], "02:00-03:00");
    assert_eq!(instance["PreferredMaintenanceWindow"], json!(main.preferred_maintenance_window), "not sent");
    assert_eq!(instance["TagList"], json!([{"Key": "by", "Value": "drctl"}]));
    let drifted = cloud.describe_db_instances(Some("main")).await.unwrap().remove(0);
    assert_eq!(drifted.backup_retention_period, 3);
    let gone = ModifyDbInstance { identifier: "none".into(), ..change };
    assert_eq!(cloud.modify_db_instance(&gone).await.unwrap_err().class, ErrorClass::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_are_taken_found_and_deleted() {
    let server = Server::start(Product::Moto).await;
    boto3(&server.url(), REGION, &json!([create("main")]));
    let cloud = cloud(server.url(), |_| {}).await;
    let wanted = CreateDbSnapshot {
        identifier: "before".into(),
        instance: "main".into(),
        tags: [("run".to_owned(), "r1".to_owned())].into(),
    };
    cloud.create_db_snapshot(&wanted).await.unwrap();
    let seen =
        boto3(&server.url(), REGION, &json!([["rds", "describe_db_snapshots", {"SnapshotType": "manual"}]]));
    assert_eq!(seen[0]["DBSnapshots"][0]["DBSnapshotIdentifier"], "before");
    let found = cloud.describe_db_snapshots(Some("before")).await.unwrap().remove(0);
    assert_eq!((found.instance.as_str(), found.snapshot_type.as_str()), ("main", "manual"));
    assert_eq!(found.tags, wanted.tags);
    assert_eq!(cloud.create_db_snapshot(&wanted).await.unwrap_err().class, ErrorClass::Conflict);
    cloud.delete_db_snapshot("before").await.unwrap();
    assert_eq!(cloud.describe_db_snapshots(Some("before")).await, Ok(vec![]));
    assert_eq!(cloud.describe_db_snapshots(None).await, Ok(vec![]));
    assert_eq!(cloud.delete_db_snapshot("before").await.unwrap_err().class, ErrorClass::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_and_an_instant_come_back_as_new_instances() {
    let server = Server::start(Product::Moto).await;
    boto3(&server.url(), REGION, &json!([create("main")]));
    let cloud = cloud(server.url(), |_| {}).await;
    let (identifier, instance) = ("before".to_owned(), "main".to_owned());
    cloud
        .create_db_snapshot(&CreateDbSnapshot { identifier, instance, tags: BTreeMap::new() })
        .await
        .unwrap();
    let new = |name: &str| NewDbInstance {
        identifier: name.to_owned(),
        class: Some("db.r6g.large".into()),
        deletion_protection: true,
        tags: [("by".to_owned(), "drctl".to_owned())].into(),
        ..NewDbInstance::default()
    };
    let of_snapshot = RestoreDbInstanceFromDbSnapshot { snapshot: "before".into(), new: new("one") };
    cloud.restore_db_instance_from_db_snapshot(&of_snapshot).await.unwrap();
    let of = BackupsOf::Instance("main".into());
    let newest = RestoreDbInstanceToPointInTime { of, restore_time: None, new: new("two") };
    cloud.restore_db_instance_to_point_in_time(&newest).await.unwrap();
    for name in ["one", "two"] {
        let made = cloud.describe_db_instances(Some(name)).await.unwrap().remove(0);
        assert_eq!((made.class.as_str(), made.deletion_protection), ("db.r6g.large", true), "{name}");
        assert_eq!(made.tags.get("by").map(String::as_str), Some("drctl"), "{name}: {:?}", made.tags);
    }
    let taken = cloud.restore_db_instance_from_db_snapshot(&of_snapshot).await.unwrap_err();
    assert_eq!(taken.class, ErrorClass::Conflict, "{taken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_is_known() {
    let server = Server::start(Product::Moto).await;
    let place = cloud(server.url(), |_| {}).await.get_caller_identity().await.unwrap();
    assert_eq!(place.account.as_deref(), Some("123456789012"));
    assert_eq!(place.region.as_deref(), Some(REGION));
}

/// Where moto differs from AWS; asserted so that a change of the server is noticed, not used.
#[tokio::test(flavor = "multi_thread")]
async fn deviation_moto_applies_everything_at_once_and_accepts_any_retention() {
    let server = Server::start(Product::Moto).await;
    boto3(&server.url(), REGION, &json!([create("main")]));
    let cloud = cloud(server.url(), |_| {}).await;
    // AWS lets a change of 0 to n wait for the window (R4), and refuses more than 35 days (R1).
    for days in [0, 36] {
        let change = ModifyDbInstance {
            identifier: "main".into(),
            backup_retention_period: Some(days),
            ..ModifyDbInstance::default()
        };
        cloud.modify_db_instance(&change).await.unwrap();
        let main = cloud.describe_db_instances(Some("main")).await.unwrap().remove(0);
        assert_eq!(main.backup_retention_period, days);
        assert_eq!(main.pending.backup_retention_period, None);
    }
}
