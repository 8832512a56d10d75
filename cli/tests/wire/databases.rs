//! Databases on moto: made by boto3, adopted and protected by drctl, seen by boto3, planned again.

use serde_json::{Value as Json, json};

use crate::program::{Aws, Project, is_read, since};

/// A boto3 call that makes an instance with little protection.
pub(crate) fn create(name: &str) -> Json {
    json!(["rds", "create_db_instance", {"DBInstanceIdentifier": name, "DBInstanceClass": "db.t3.micro",
        "Engine": "postgres", "AllocatedStorage": 20, "MasterUsername": "u", "MasterUserPassword": "not-a-secret",
        "BackupRetentionPeriod": 1, "Tags": [{"Key": "made", "Value": "elsewhere"}]}])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_adopted_a_snapshot_taken_and_then_both_left_alone() {
    let aws = Aws::start().await;
    aws.rds.do_all(vec![create("main")]);
    let project = Project::new(&format!(
        r#"{}
resource "aws_db_instance" "main" {{
  db_instance_identifier       = "main"
  backup_retention_period      = 14
  preferred_backup_window      = "02:00-03:00"
  preferred_maintenance_window = "sun:04:00-sun:05:00"
  deletion_protection          = true
  copy_tags_to_snapshot        = true
  multi_az                     = true
  tags                         = {{ team = "billing" }}
}}
resource "aws_db_snapshot" "before" {{
  db_snapshot_identifier = "before-launch"
  db_instance_identifier = aws_db_instance.main.db_instance_identifier
  tags                   = {{ kept = "for ever" }}
}}
"#,
        aws.provider()
    ));
    let plan = project.plan();
    assert_eq!(plan.of("aws_db_instance.main")["action"], "adopt");
    assert_eq!(plan.of("aws_db_snapshot.before")["action"], "create");
    assert!(aws.calls().keys().all(|c| is_read(c)), "a plan only reads: {:?}", aws.calls());
    project.apply(&[]);

    let seen = aws.rds.look(&json!([["rds", "describe_db_instances", {}],
        ["rds", "describe_db_snapshots", {"SnapshotType": "manual"}]]));
    assert_eq!(seen[0]["DBInstances"].as_array().unwrap().len(), 1, "adopted, not made again");
    let instance = &seen[0]["DBInstances"][0];
    for (field, wanted) in [
        ("BackupRetentionPeriod", json!(14)),
        ("PreferredBackupWindow", json!("02:00-03:00")),
        ("PreferredMaintenanceWindow", json!("sun:04:00-sun:05:00")),
        ("DeletionProtection", json!(true)),
        ("CopyTagsToSnapshot", json!(true)),
        ("MultiAZ", json!(true)),
        ("TagList", json!([{"Key": "team", "Value": "billing"}])),
    ] {
        assert_eq!(instance[field], wanted, "{field}");
    }
    let snapshots = seen[1]["DBSnapshots"].as_array().unwrap();
    assert_eq!(snapshots.len(), 1);
    assert_eq!(snapshots[0]["DBSnapshotIdentifier"], "before-launch");
    assert_eq!(snapshots[0]["DBInstanceIdentifier"], "main");
    assert_eq!(snapshots[0]["TagList"], json!([{"Key": "kept", "Value": "for ever"}]));

    let before = aws.calls();
    project.is_settled();
    project.apply(&[]);
    let calls = since(&before, aws.calls());
    assert!(calls.keys().all(|c| is_read(c)), "nothing to do, nothing written: {calls:?}");
}
