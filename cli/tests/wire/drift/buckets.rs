//! Buckets with every block, and a change of each of their attributes.

use serde_json::{Value as Json, json};

use super::{Drift, drift};
use crate::program::Aws;

const KEY: &str = "arn:aws:kms:eu-west-2:123456789012:key/00000000-0000-0000-0000-000000000001";
const OTHER_KEY: &str = "arn:aws:kms:eu-west-2:123456789012:key/00000000-0000-0000-0000-000000000002";

/// As many buckets with every block as there are names.
pub(super) fn buckets(provider: &str, names: &[String]) -> String {
    format!(
        r#"{provider}
resource "aws_s3_bucket" "copy" {{
  bucket     = "copy"
  versioning = "Enabled"
  object_lock {{
    mode = "GOVERNANCE"
    days = 30
  }}
}}
resource "aws_s3_bucket" "b" {{
  for_each   = toset({names:?})
  bucket     = each.key
  versioning = "Enabled"
  object_lock {{
    mode = "GOVERNANCE"
    days = 30
  }}
  lifecycle {{
    rule "main" {{
      prefix                                 = "a/"
      expiration_days                        = 400
      abort_incomplete_multipart_upload_days = 7
      noncurrent_version_expiration {{
        noncurrent_days           = 90
        newer_noncurrent_versions = 3
      }}
      transition {{
        days          = 30
        storage_class = "STANDARD_IA"
      }}
      noncurrent_version_transition {{
        days          = 30
        storage_class = "STANDARD_IA"
      }}
    }}
    rule "markers" {{
      prefix                       = "b/"
      expired_object_delete_marker = true
    }}
    rule "tagged" {{
      tags = {{ keep = "no", of = "us" }}
      noncurrent_version_expiration {{
        noncurrent_days = 400
      }}
    }}
  }}
  replication {{
    role = "arn:aws:iam::123456789012:role/replication"
    rule "main" {{
      priority                  = 1
      prefix                    = "a/"
      destination               = aws_s3_bucket.copy.arn
      storage_class             = "STANDARD_IA"
      delete_marker_replication = "Disabled"
      replication_time_control  = true
      sse_kms_encrypted_objects = true
      replica_kms_key_id        = "{KEY}"
    }}
    rule "tagged" {{
      priority                  = 2
      tags                      = {{ keep = "yes", of = "us" }}
      destination               = aws_s3_bucket.copy.arn
      delete_marker_replication = "Disabled"
    }}
  }}
  server_side_encryption {{
    sse_algorithm      = "aws:kms"
    kms_master_key_id  = "{KEY}"
    bucket_key_enabled = true
  }}
  public_access_block {{
    block_public_acls       = true
    ignore_public_acls      = true
    block_public_policy     = true
    restrict_public_buckets = true
  }}
  policy = jsonencode({{ Version = "2012-10-17", Statement = [] }})
  tags   = {{ team = "billing" }}
}}
"#
    )
}

/// The documents of a bucket as boto3 gets and puts them.
#[derive(Default)]
pub(super) struct Documents {
    lock: Json,
    lifecycle: Json,
    replication: Json,
    encryption: Json,
    block: Json,
}

impl Documents {
    pub(super) fn of(aws: &Aws, bucket: &str) -> Documents {
        let bucket = json!({"Bucket": bucket});
        let mut seen = aws.s3.look(&json!([
            ["s3", "get_object_lock_configuration", bucket],
            ["s3", "get_bucket_lifecycle_configuration", bucket],
            ["s3", "get_bucket_replication", bucket],
            ["s3", "get_bucket_encryption", bucket],
            ["s3", "get_public_access_block", bucket],
        ]));
        let mut next = || seen.remove(0);
        Documents { lock: next(), lifecycle: next(), replication: next(), encryption: next(), block: next() }
    }

    fn put_lock(&self, retention: Json) -> Json {
        let mut all = self.lock.clone();
        all["ObjectLockConfiguration"]["Rule"] = json!({"DefaultRetention": retention});
        json!(["put_object_lock_configuration", all])
    }

    fn put_lifecycle(&self, rule: &str, pointer: &str, value: Json) -> Json {
        let rules = edit(self.lifecycle["Rules"].clone(), rule, pointer, value);
        json!(["put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": rules}}])
    }

    fn put_replication(&self, rule: &str, pointer: &str, value: Json) -> Json {
        let mut all = self.replication.clone();
        let document = &mut all["ReplicationConfiguration"];
        document["Rules"] = edit(document["Rules"].clone(), rule, pointer, value);
        json!(["put_bucket_replication", all])
    }

    fn put_encryption(&self, pointer: &str, value: Json) -> Json {
        let mut all = self.encryption.clone();
        set(&mut all, &format!("/ServerSideEncryptionConfiguration/Rules/0{pointer}"), value);
        json!(["put_bucket_encryption", all])
    }

    fn put_block(&self, field: &str) -> Json {
        let mut all = self.block.clone();
        all["PublicAccessBlockConfiguration"][field] = json!(false);
        json!(["put_public_access_block", all])
    }
}

/// Sets a value in the rule of this id.
fn edit(mut rules: Json, rule: &str, pointer: &str, value: Json) -> Json {
    if let Some(found) = rules.as_array_mut().and_then(|r| r.iter_mut().find(|r| r["ID"] == rule)) {
        set(found, pointer, value);
    }
    rules
}

/// Sets the value at a path of fields and places.
fn set(document: &mut Json, pointer: &str, value: Json) {
    let (above, last) = pointer.rsplit_once('/').unwrap();
    if let Some(above) = document.pointer_mut(above) {
        above[last] = value;
    }
}

/// A change of each managed attribute.
pub(super) fn bucket_drifts(d: &Documents) -> Vec<Drift> {
    let mut all = vec![
        drift(
            "versioning",
            json!(["put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}]),
        ),
        drift(
            "policy",
            json!(["put_bucket_policy", {"Policy": json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::copy/*"}]})
            .to_string()}]),
        ),
        drift(
            "tags",
            json!(["put_bucket_tagging", {"Tagging": {"TagSet": [{"Key": "team", "Value": "other"}]}}]),
        ),
        drift("object_lock.mode", d.put_lock(json!({"Mode": "COMPLIANCE", "Days": 30}))),
        drift("object_lock.days", d.put_lock(json!({"Mode": "GOVERNANCE", "Days": 1}))),
        Drift {
            with: &["object_lock.days"],
            ..drift("object_lock.years", d.put_lock(json!({"Mode": "GOVERNANCE", "Years": 1})))
        },
    ];
    all.extend(lifecycle_drifts(d));
    all.extend(replication_drifts(d));
    const BY_DEFAULT: &str = "/ApplyServerSideEncryptionByDefault";
    all.extend(
        [
            ("server_side_encryption.sse_algorithm", "/SSEAlgorithm", json!("aws:kms:dsse")),
            ("server_side_encryption.kms_master_key_id", "/KMSMasterKeyID", json!(OTHER_KEY)),
        ]
        .map(|(name, field, value)| drift(name, d.put_encryption(&format!("{BY_DEFAULT}{field}"), value))),
    );
    all.push(drift(
        "server_side_encryption.bucket_key_enabled",
        d.put_encryption("/BucketKeyEnabled", json!(false)),
    ));
    all.extend(
        [
            ("public_access_block.block_public_acls", "BlockPublicAcls"),
            ("public_access_block.ignore_public_acls", "IgnorePublicAcls"),
            ("public_access_block.block_public_policy", "BlockPublicPolicy"),
            ("public_access_block.restrict_public_buckets", "RestrictPublicBuckets"),
        ]
        .map(|(name, field)| drift(name, d.put_block(field))),
    );
    all
}

fn lifecycle_drifts(d: &Documents) -> Vec<Drift> {
    [
        ("lifecycle.rule.status", "main", "/Status", json!("Disabled")),
        ("lifecycle.rule.prefix", "main", "/Filter/Prefix", json!("other/")),
        ("lifecycle.rule.tags", "tagged", "/Filter/And/Tags/0/Value", json!("changed")),
        ("lifecycle.rule.expiration_days", "main", "/Expiration/Days", json!(1)),
        (
            "lifecycle.rule.expired_object_delete_marker",
            "markers",
            "/Expiration/ExpiredObjectDeleteMarker",
            json!(false),
        ),
        (
            "lifecycle.rule.noncurrent_version_expiration.noncurrent_days",
            "main",
            "/NoncurrentVersionExpiration/NoncurrentDays",
            json!(31),
        ),
        (
            "lifecycle.rule.noncurrent_version_expiration.newer_noncurrent_versions",
            "main",
            "/NoncurrentVersionExpiration/NewerNoncurrentVersions",
            json!(1),
        ),
        ("lifecycle.rule.transition.days", "main", "/Transitions/0/Days", json!(60)),
        ("lifecycle.rule.transition.storage_class", "main", "/Transitions/0/StorageClass", json!("GLACIER")),
        (
            "lifecycle.rule.noncurrent_version_transition.days",
            "main",
            "/NoncurrentVersionTransitions/0/NoncurrentDays",
            json!(60),
        ),
        (
            "lifecycle.rule.noncurrent_version_transition.storage_class",
            "main",
            "/NoncurrentVersionTransitions/0/StorageClass",
            json!("GLACIER"),
        ),
        (
            "lifecycle.rule.abort_incomplete_multipart_upload_days",
            "main",
            "/AbortIncompleteMultipartUpload/DaysAfterInitiation",
            json!(1),
        ),
    ]
    .map(|(name, rule, pointer, value)| drift(name, d.put_lifecycle(rule, pointer, value)))
    .into()
}

fn replication_drifts(d: &Documents) -> Vec<Drift> {
    let mut all: Vec<Drift> = [
        ("replication.rule.status", "main", "/Status", json!("Disabled")),
        ("replication.rule.priority", "main", "/Priority", json!(9)),
        ("replication.rule.prefix", "main", "/Filter/Prefix", json!("other/")),
        ("replication.rule.tags", "tagged", "/Filter/And/Tags/0/Value", json!("changed")),
        ("replication.rule.destination", "main", "/Destination/Bucket", json!("arn:aws:s3:::other")),
        ("replication.rule.storage_class", "main", "/Destination/StorageClass", json!("GLACIER")),
        (
            "replication.rule.delete_marker_replication",
            "main",
            "/DeleteMarkerReplication/Status",
            json!("Enabled"),
        ),
        (
            "replication.rule.replication_time_control",
            "main",
            "/Destination",
            json!({"Bucket": "arn:aws:s3:::copy", "StorageClass": "STANDARD_IA",
                "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY}}),
        ),
        (
            "replication.rule.sse_kms_encrypted_objects",
            "main",
            "/SourceSelectionCriteria/SseKmsEncryptedObjects/Status",
            json!("Disabled"),
        ),
        (
            "replication.rule.replica_kms_key_id",
            "main",
            "/Destination/EncryptionConfiguration/ReplicaKmsKeyID",
            json!(OTHER_KEY),
        ),
    ]
    .map(|(name, rule, pointer, value)| drift(name, d.put_replication(rule, pointer, value)))
    .into();
    let mut role = d.replication.clone();
    role["ReplicationConfiguration"]["Role"] = json!("arn:aws:iam::123456789012:role/other");
    all.push(drift("replication.role", json!(["put_bucket_replication", role])));
    all
}
