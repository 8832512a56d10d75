//! What S3 checks of documents before it takes them: lifecycle, replication, policy, tags.

use std::collections::{BTreeMap, BTreeSet};

use drctl_aws::port::{Answer, LifecycleRule, ReplicationConfiguration, Transition, VersioningStatus};
use serde_json::Value;

use crate::error::{refuse, rejected};
use crate::world::{Caller, SimWorld};
use drctl_core::provider::ErrorClass;

const STORAGE_CLASSES: [&str; 6] =
    ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"];
const MALFORMED: &str =
    "The XML you provided was not well-formed or did not validate against our published schema";

pub(crate) fn lifecycle(doing: &str, rules: &[LifecycleRule]) -> Answer<()> {
    let invalid = |code, message: String| Err(rejected(doing, code, &message, ""));
    if rules.len() > 1000 {
        return invalid("MalformedXML", MALFORMED.to_owned());
    }
    let mut ids = BTreeSet::new();
    for rule in rules {
        if rule.id.len() > 255 {
            return invalid("InvalidArgument", "ID length should not exceed allowed limit of 255".into());
        }
        if rule.id.is_empty() {
            return invalid("InvalidArgument", "a rule without ID would be given one".into());
        }
        if !ids.insert(&rule.id) {
            let message =
                format!("Rule ID must be unique. Found same ID for more than one rule: {}", rule.id);
            return invalid("InvalidArgument", message);
        }
        lifecycle_actions(doing, rule)?;
    }
    Ok(())
}

fn lifecycle_actions(doing: &str, rule: &LifecycleRule) -> Answer<()> {
    let invalid = |code, message: &str| Err(rejected(doing, code, message, ""));
    let days = [rule.expiration_days, rule.noncurrent_days, rule.abort_incomplete_multipart_upload_days];
    if days.contains(&Some(0)) {
        return invalid("InvalidArgument", "'Days' for an action must be a positive integer");
    }
    let marker = rule.expired_object_delete_marker.is_some();
    let none = days == [None; 3] && !marker && rule.transitions.is_empty();
    if none && rule.noncurrent_transitions.is_empty() {
        return invalid("InvalidRequest", "At least one action needs to be specified in a rule");
    }
    if marker && rule.expiration_days.is_some() {
        return invalid("MalformedXML", MALFORMED);
    }
    if marker && !rule.tags.is_empty() {
        return invalid("InvalidRequest", "ExpiredObjectDeleteMarker cannot be specified with tags");
    }
    if rule.abort_incomplete_multipart_upload_days.is_some() && !rule.tags.is_empty() {
        return invalid("InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags");
    }
    match (rule.newer_noncurrent_versions, rule.noncurrent_days) {
        (Some(_), None) => return invalid("MalformedXML", MALFORMED),
        (Some(n), Some(_)) if !(1..=100).contains(&n) => {
            return invalid("InvalidArgument", "'NewerNoncurrentVersions' must be between 1 and 100");
        }
        (Some(_) | None, _) => {}
    }
    transitions(doing, &rule.transitions, rule.expiration_days)?;
    transitions(doing, &rule.noncurrent_transitions, rule.noncurrent_days)
}

fn transitions(doing: &str, transitions: &[Transition], expiration: Option<u32>) -> Answer<()> {
    let invalid = |code, message: &str| Err(rejected(doing, code, message, ""));
    let mut classes = BTreeSet::new();
    for t in transitions {
        if !STORAGE_CLASSES.contains(&t.storage_class.as_str()) {
            return invalid("MalformedXML", MALFORMED);
        }
        if !classes.insert(&t.storage_class) {
            return invalid(
                "InvalidRequest",
                "'StorageClass' must be different for 'Transition' actions in same rule",
            );
        }
        if matches!(t.storage_class.as_str(), "STANDARD_IA" | "ONEZONE_IA") && t.days < 30 {
            return invalid(
                "InvalidArgument",
                "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'",
            );
        }
        if expiration.is_some_and(|days| days <= t.days) {
            return invalid(
                "InvalidArgument",
                "'Days' in the Expiration action must be greater than 'Days' in the Transition action",
            );
        }
    }
    Ok(())
}

/// What can be told from the replication document alone.
pub(crate) fn replication(doing: &str, document: &ReplicationConfiguration) -> Answer<()> {
    let invalid = |code, message: &str, fact| Err(rejected(doing, code, message, fact));
    if document.rules.is_empty() || document.rules.len() > 1000 {
        return invalid("MalformedXML", MALFORMED, "S26");
    }
    // S18: it runs as a role.
    if !is_role(&document.role) {
        return invalid("InvalidArgument", "Invalid Role provided: it is not the ARN of an IAM role", "S18");
    }
    let (mut ids, mut priorities) = (BTreeSet::new(), BTreeSet::new());
    for rule in &document.rules {
        if rule.id.is_empty() || rule.id.len() > 255 {
            return invalid("InvalidArgument", "a rule needs an ID of 1 to 255 characters", "S26");
        }
        if !ids.insert(&rule.id) {
            return invalid("InvalidArgument", "Rule Id must be unique", "S26");
        }
        if !priorities.insert(rule.priority) {
            return invalid("InvalidArgument", "Rule priority must be unique", "S26");
        }
        // S23: a tag filter and delete markers exclude each other.
        if rule.delete_marker_replication && !rule.tags.is_empty() {
            let message = "Delete marker replication is not supported if any Tag filter is specified.";
            return invalid("InvalidRequest", message, "S23");
        }
        // S21: KMS objects and the key of their replicas come together.
        match (rule.sse_kms_encrypted_objects, rule.replica_kms_key_id.is_some()) {
            (true, false) => {
                let message =
                    "EncryptionConfiguration must be specified if SseKmsEncryptedObjects is present.";
                return invalid("InvalidRequest", message, "S21");
            }
            (false, true) => {
                let message =
                    "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.";
                return invalid("InvalidRequest", message, "S21");
            }
            (true, true) | (false, false) => {}
        }
        let class = rule.storage_class.as_deref().unwrap_or("STANDARD");
        if class != "STANDARD" && !STORAGE_CLASSES.contains(&class) {
            return invalid("MalformedXML", MALFORMED, "");
        }
    }
    Ok(())
}

/// What depends on the two buckets.
pub(crate) fn replication_ends(
    world: &SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
    document: &ReplicationConfiguration,
) -> Answer<()> {
    let invalid = |message: &str, fact| Err(rejected(doing, "InvalidRequest", message, fact));
    let source = crate::s3::bucket(world, caller, doing, name)?;
    // S18: versioning on both sides.
    if source.versioning.status != Some(VersioningStatus::Enabled) {
        return invalid(
            "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
            "S18",
        );
    }
    for rule in &document.rules {
        let Some(destination) = rule.destination.strip_prefix("arn:aws:s3:::") else {
            return Err(rejected(doing, "InvalidArgument", "Invalid destination bucket ARN", ""));
        };
        if destination == name {
            return invalid("Destination bucket cannot be the same as the source bucket.", "");
        }
        let Some((_, region, bucket)) = world.find_bucket(destination) else {
            return invalid("Destination bucket must exist.", "S18");
        };
        if !world.is_up(region) {
            let message = format!("the destination's region {region} does not answer");
            return Err(refuse(doing, ErrorClass::Unavailable, "ServiceUnavailable", &message, ""));
        }
        if bucket.versioning.status != Some(VersioningStatus::Enabled) {
            return invalid("Destination bucket must have versioning enabled.", "S18");
        }
        // S24: locks travel with the objects, so the destination must be able to hold them.
        if source.object_lock.is_some() && bucket.object_lock.is_none() {
            return invalid("Destination bucket must have Object Lock enabled.", "S24");
        }
    }
    Ok(())
}

fn is_role(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let head = [parts.next(), parts.next(), parts.next(), parts.next()];
    let account = parts.next().unwrap_or_default();
    let role = parts.next().and_then(|r| r.strip_prefix("role/")).unwrap_or_default();
    head == [Some("arn"), Some("aws"), Some("iam"), Some("")]
        && account.len() == 12
        && account.chars().all(|c| c.is_ascii_digit())
        && !role.is_empty()
}

/// Whom a policy lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Anybody.
    Public,
    /// Named principals, or anybody under a condition.
    Limited,
}

/// Checks a bucket policy as far as S3 does on the way in.
pub(crate) fn policy(doing: &str, bucket: &str, text: &str) -> Answer<Reach> {
    let malformed = |message: &str| rejected(doing, "MalformedPolicy", message, "");
    if text.len() > 20 * 1024 {
        return Err(malformed("the policy is larger than 20 KB"));
    }
    let document: Value = serde_json::from_str(text)
        .map_err(|_| malformed("Policies must be valid JSON and the first byte must be '{'"))?;
    let statements = match document.get("Statement") {
        Some(Value::Array(list)) if !list.is_empty() => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        Some(_) | None => return Err(malformed("Missing required field Statement")),
    };
    let arn = format!("arn:aws:s3:::{bucket}");
    let mut reach = Reach::Limited;
    for statement in statements {
        let allows = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            Some(_) | None => return Err(malformed("Missing required field Effect")),
        };
        if statement.get("Action").is_none() && statement.get("NotAction").is_none() {
            return Err(malformed("Missing required field Action"));
        }
        let Some(principal) = statement.get("Principal").or_else(|| statement.get("NotPrincipal")) else {
            return Err(malformed("Missing required field Principal"));
        };
        let resources = strings(statement.get("Resource").or_else(|| statement.get("NotResource")));
        let inside =
            |r: &str| r == arn || r.strip_prefix(&arn).is_some_and(|rest| rest.starts_with('/')) || r == "*";
        if resources.is_empty() || !resources.iter().all(|r| inside(r)) {
            return Err(malformed("Policy has invalid resource"));
        }
        let anybody = principal == "*" || strings(principal.get("AWS")).contains(&"*");
        if allows && anybody && statement.get("Condition").is_none() {
            reach = Reach::Public;
        }
    }
    Ok(reach)
}

fn strings(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        Some(_) | None => Vec::new(),
    }
}

/// Limits on tags that S3 and RDS share.
pub(crate) fn tags(doing: &str, tags: &BTreeMap<String, String>, code: &str) -> Answer<()> {
    let invalid = |message: String| Err(rejected(doing, code, &message, ""));
    if tags.len() > 50 {
        return invalid("a resource can have at most 50 tags".into());
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 {
            return invalid("The TagKey you have provided is invalid".into());
        }
        if value.chars().count() > 256 {
            return invalid("The TagValue you have provided is invalid".into());
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return invalid(format!("System tags cannot be added/updated by requester: {key}"));
        }
    }
    Ok(())
}
