//! Buckets on ministack: created with everything that protects them, seen by boto3, planned again.

use serde_json::json;

use crate::harness::servers::Product;
use crate::program::{Aws, Project, Service, is_read, since};

/// A bucket with every block, and the bucket that its copies go to.
fn configuration(provider: &str) -> String {
    format!(
        r#"{provider}
resource "aws_s3_bucket" "ledger" {{
  bucket     = "ledger"
  versioning = "Enabled"
  object_lock {{
    mode = "GOVERNANCE"
    days = 30
  }}
  lifecycle {{
    rule "old-versions" {{
      noncurrent_version_expiration {{
        noncurrent_days = 90
      }}
    }}
    rule "logs" {{
      prefix          = "logs/"
      expiration_days = 365
      transition {{
        days          = 30
        storage_class = "STANDARD_IA"
      }}
    }}
  }}
  replication {{
    role = "arn:aws:iam::123456789012:role/replication"
    rule "all" {{
      destination               = aws_s3_bucket.copy.arn
      delete_marker_replication = "Disabled"
      replication_time_control  = true
    }}
  }}
  server_side_encryption {{
    sse_algorithm = "AES256"
  }}
  public_access_block {{
    block_public_acls       = true
    ignore_public_acls      = true
    block_public_policy     = true
    restrict_public_buckets = true
  }}
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Sid       = "NobodyDeletes"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:DeleteBucket"
      Resource  = "arn:aws:s3:::ledger"
    }}]
  }})
  tags = {{ team = "billing" }}
}}
resource "aws_s3_bucket" "copy" {{
  bucket     = "ledger-copy"
  versioning = "Enabled"
  object_lock {{}}
}}
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_with_everything_is_created_and_then_left_alone() {
    let aws = Aws::start().await;
    let project = Project::new(&configuration(&aws.provider()));
    let plan = project.plan();
    for address in ["aws_s3_bucket.ledger", "aws_s3_bucket.copy"] {
        assert_eq!(plan.of(address)["action"], "create");
    }
    let calls = aws.calls();
    assert!(calls.keys().all(|c| is_read(c)), "a plan only reads: {calls:?}");
    project.apply(&[]);
    assert_everything_is_there(&aws.s3);
    let before = aws.calls();
    project.is_settled();
    project.apply(&[]);
    let calls = since(&before, aws.calls());
    assert!(calls.keys().all(|c| is_read(c)), "nothing to do, nothing written: {calls:?}");
    // What ends the life of data sooner has to be accepted, also by who approves unseen.
    project.write(&configuration(&aws.provider()).replace("noncurrent_days = 90", "noncurrent_days = 7"));
    let before = aws.calls();
    project.run(&["apply", "--auto-approve"]).with(4);
    let calls = since(&before, aws.calls());
    assert!(calls.keys().all(|c| is_read(c)), "not accepted, not written: {calls:?}");
    project.apply(&["weakens:aws_s3_bucket.ledger"]);
    let document = json!(["s3", "get_bucket_lifecycle_configuration", {"Bucket": "ledger"}]);
    let seen = aws.s3.look(&json!([document]));
    let rules = seen[0]["Rules"].as_array().unwrap();
    assert!(rules.iter().any(|r| r["NoncurrentVersionExpiration"]["NoncurrentDays"] == 7), "{rules:?}");
}

fn assert_everything_is_there(s3: &Service) {
    let bucket = json!({"Bucket": "ledger"});
    let copy = json!({"Bucket": "ledger-copy"});
    let seen = s3.look(&json!([
        ["s3", "get_bucket_versioning", bucket],
        ["s3", "get_object_lock_configuration", bucket],
        ["s3", "get_bucket_lifecycle_configuration", bucket],
        ["s3", "get_bucket_replication", bucket],
        ["s3", "get_bucket_encryption", bucket],
        ["s3", "get_public_access_block", bucket],
        ["s3", "get_bucket_policy", bucket],
        ["s3", "get_bucket_tagging", bucket],
        ["s3", "get_bucket_versioning", copy],
        ["s3", "get_object_lock_configuration", copy],
    ]));
    assert_eq!(seen[0]["Status"], "Enabled");
    let lock = &seen[1]["ObjectLockConfiguration"];
    assert_eq!(lock["Rule"]["DefaultRetention"], json!({"Mode": "GOVERNANCE", "Days": 30}));
    let mut rules = seen[2]["Rules"].as_array().unwrap().clone();
    rules.sort_by_key(|r| r["ID"].to_string());
    assert_eq!(rules.len(), 2);
    assert_eq!((&rules[0]["ID"], &rules[0]["Expiration"]["Days"]), (&json!("logs"), &json!(365)));
    assert_eq!(rules[0]["Transitions"], json!([{"Days": 30, "StorageClass": "STANDARD_IA"}]));
    assert_eq!(rules[1]["NoncurrentVersionExpiration"]["NoncurrentDays"], 90);
    let replication = &seen[3]["ReplicationConfiguration"];
    assert_eq!(replication["Role"], "arn:aws:iam::123456789012:role/replication");
    let rule = &replication["Rules"][0];
    assert_eq!(rule["Destination"]["Bucket"], "arn:aws:s3:::ledger-copy");
    assert_eq!(rule["DeleteMarkerReplication"]["Status"], "Disabled");
    assert_eq!(rule["Destination"]["ReplicationTime"]["Status"], "Enabled");
    let encryption = &seen[4]["ServerSideEncryptionConfiguration"]["Rules"][0];
    assert_eq!(encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
    let block = seen[5]["PublicAccessBlockConfiguration"].as_object().unwrap();
    assert!(block.len() == 4 && block.values().all(|v| *v == true), "{block:?}");
    let policy: serde_json::Value = serde_json::from_str(seen[6]["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(policy["Statement"][0]["Sid"], "NobodyDeletes");
    assert_eq!(seen[7]["TagSet"], json!([{"Key": "team", "Value": "billing"}]));
    assert_eq!(seen[8]["Status"], "Enabled");
    assert_eq!(seen[9]["ObjectLockConfiguration"]["ObjectLockEnabled"], "Enabled");
}

/// What was protected by drctl is protected: boto3 cannot delete a locked version, and copies arrive.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_in_the_bucket_is_locked() {
    let aws = Aws::start().await;
    let project = Project::new(&configuration(&aws.provider()));
    project.apply(&[]);
    aws.s3.do_all(vec![json!(["s3", "put_object", {"Bucket": "ledger", "Key": "k", "Body": "x"}])]);
    let seen = aws.s3.look(&json!([["s3", "list_object_versions", {"Bucket": "ledger"}]]));
    let version = &seen[0]["Versions"][0]["VersionId"];
    let delete = json!({"Bucket": "ledger", "Key": "k", "VersionId": version});
    let seen = aws.s3.look(&json!([["s3", "delete_object", delete]]));
    assert_eq!(seen[0]["refused"], "AccessDenied");
}

/// Where ministack differs from AWS; asserted so that a change of the server is noticed, not used.
#[tokio::test(flavor = "multi_thread")]
async fn deviation_ministack_answers_for_a_bucket_of_another_account() {
    let s3 = Service::start(Product::Ministack).await;
    s3.do_all(vec![json!(["s3", "create_bucket", {"Bucket": "ours",
        "CreateBucketConfiguration": {"LocationConstraint": "eu-west-2"}}])]);
    // AWS refuses when the bucket's owner is not the one that the caller expects.
    let asked = json!({"Bucket": "ours", "ExpectedBucketOwner": "999999999999"});
    let seen = s3.look(&json!([["s3", "get_bucket_versioning", asked]]));
    assert_eq!(seen[0].get("refused"), None);
}
