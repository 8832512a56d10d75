//! A change made by boto3 behind drctl's back appears in the next plan, at the attribute that it changed
//! and nowhere else: for every managed attribute of every kind, down to those within blocks.
//!
//! One thing for each attribute, so that one plan shows all of them and none hides another.

mod buckets;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::databases::create;
use crate::program::{Aws, Plan, Project};
use buckets::{Documents, bucket_drifts, buckets};

/// What no server can show, and why.
const UNSUPPORTED: [(&str, &str, &str); 1] = [(
    "aws_db_automated_backups_replication",
    "backup_retention_period",
    "no server has replicated automated backups (moto answers 500); RDS has no call that changes it either",
)];

/// Lists: a plan shows one that differs as a whole.
const LISTS: [&str; 2] = ["lifecycle.rule.transition", "lifecycle.rule.noncurrent_version_transition"];

/// A change of one managed attribute by boto3.
struct Drift {
    /// The attribute, with the blocks that it stands in.
    attribute: &'static str,
    /// What else a plan shows with it, since it cannot change alone.
    with: &'static [&'static str],
    /// The call, without the name of the thing.
    call: Json,
}

fn drift(attribute: &'static str, call: Json) -> Drift {
    Drift { attribute, with: &[], call }
}

/// The managed attributes of a kind, as `drctl kinds` tells them.
fn managed(kind: &Json) -> BTreeSet<String> {
    fn walk(attributes: &Json, above: &str, found: &mut BTreeSet<String>) {
        for attribute in attributes.as_array().unwrap().iter().filter(|a| a.get("role").is_none()) {
            let name = format!("{above}{}", attribute["name"].as_str().unwrap());
            match attribute.get("attributes") {
                Some(inner) => walk(inner, &format!("{name}."), found),
                None => _ = found.insert(name),
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(&kind["attributes"], "", &mut found);
    found
}

/// The kinds of AWS with what is managed of them; those of the machine are changed behind drctl's back in
/// `cli/tests/managed.rs` and in their own crate. A kind that only looks manages nothing: what it sees has a test
/// of its own below.
fn kinds() -> BTreeMap<String, BTreeSet<String>> {
    let ended = Project::new("").run(&["kinds", "--json"]).with(0);
    let kinds: Json = serde_json::from_str(&ended.out).unwrap();
    let kinds = kinds.as_array().unwrap().iter().filter(|k| k["name"].as_str().unwrap().starts_with("aws_"));
    let kinds = kinds.map(|k| (k["name"].as_str().unwrap().to_owned(), managed(k)));
    kinds.filter(|(_, managed)| !managed.is_empty()).collect()
}

/// The attribute that a path of a plan lies in: labels of blocks, places in lists and keys of maps left out.
fn attribute_of(path: &[String], all: &BTreeSet<String>) -> String {
    let mut found = String::new();
    for segment in path {
        let longer = if found.is_empty() { segment.clone() } else { format!("{found}.{segment}") };
        if all.iter().any(|a| *a == longer || a.starts_with(&format!("{longer}."))) {
            found = longer;
        }
    }
    found
}

/// Each address shows its own change, nothing else.
fn assert_seen(plan: &Plan, all: &BTreeSet<String>, cases: &[(String, &Drift)]) {
    let mut wrong = Vec::new();
    for (address, drift) in cases {
        let found: BTreeSet<String> = plan.paths(address).iter().map(|p| attribute_of(p, all)).collect();
        let shown = |name: &str| {
            let list = LISTS.into_iter().find(|list| name.starts_with(&format!("{list}.")));
            list.unwrap_or(name).to_owned()
        };
        let wanted: BTreeSet<String> =
            drift.with.iter().copied().chain([drift.attribute]).map(shown).collect();
        if found != wanted {
            wrong.push(format!("{}: the plan shows {:?}", drift.attribute, plan.paths(address)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_managed_attribute_has_a_case_or_a_reason() {
    let mut covered: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut cover = |kind: &str, attribute: &str| {
        assert!(
            covered.entry(kind.to_owned()).or_default().insert(attribute.to_owned()),
            "{kind}.{attribute}"
        );
    };
    for (kind, attribute, why) in UNSUPPORTED {
        assert!(!why.is_empty());
        cover(kind, attribute);
    }
    bucket_drifts(&Documents::default()).iter().for_each(|d| cover("aws_s3_bucket", d.attribute));
    instance_drifts().iter().for_each(|d| cover("aws_db_instance", d.attribute));
    snapshot_drifts().iter().for_each(|d| cover("aws_db_snapshot", d.attribute));
    assert_eq!(covered, kinds());
}

/// The call with the name of its thing, as boto3 takes it.
fn named(service: &str, call: &Json, names: &[(&str, &str)]) -> Json {
    let mut parameters = call[1].clone();
    for (field, name) in names {
        parameters[*field] = json!(name);
    }
    json!([service, call[0], parameters])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_changed_by_somebody_else_is_seen() {
    let aws = Aws::start().await;
    aws.s3.do_all(vec![json!(["s3", "create_bucket", {"Bucket": "other",
        "ObjectLockEnabledForBucket": true, "CreateBucketConfiguration": {"LocationConstraint": "eu-west-2"}}])]);
    let count = bucket_drifts(&Documents::default()).len();
    let names: Vec<String> = (0..count).map(|n| format!("drift-{n:02}")).collect();
    let address = |name: &str| format!("aws_s3_bucket.b[\"{name}\"]");
    let project = Project::new(&buckets(&aws.provider(), &names));
    project.apply(&[]);
    project.is_settled();
    let drifts = bucket_drifts(&Documents::of(&aws, &names[0]));
    let named = names.iter().zip(&drifts).map(|(name, d)| named("s3", &d.call, &[("Bucket", name)]));
    aws.s3.do_all(named.collect());
    let cases: Vec<_> = names.iter().zip(&drifts).map(|(name, d)| (address(name), d)).collect();
    assert_seen(&project.plan(), &kinds()["aws_s3_bucket"], &cases);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_somebody_lifted_is_seen() {
    let aws = Aws::start().await;
    let hold = |status: &str| json!(["s3", "put_object_legal_hold", {"Bucket": "worm", "Key": "matter/a", "LegalHold": {"Status": status}}]);
    aws.s3.do_all(vec![
        json!(["s3", "create_bucket", {"Bucket": "worm", "ObjectLockEnabledForBucket": true,
            "CreateBucketConfiguration": {"LocationConstraint": "eu-west-2"}}]),
        json!(["s3", "put_object", {"Bucket": "worm", "Key": "matter/a", "Body": "x"}]),
        hold("ON"),
    ]);
    let matter =
        "resource \"aws_s3_legal_hold\" \"matter\" {\n  bucket = \"worm\"\n  prefix = \"matter/\"\n}\n";
    let project = Project::new(&format!("{}{matter}", aws.provider()));
    project.apply(&[]);
    let quiet = project.run(&["plan"]).with(0);
    assert!(!quiet.err.contains("S8"), "{}", quiet.err);
    aws.s3.do_all(vec![hold("OFF")]);
    let told = project.run(&["plan"]).with(0);
    assert!(told.err.contains("1 of 1 versions below `matter/` is not under legal hold"), "{}", told.err);
}

fn instance_drifts() -> Vec<Drift> {
    let modify = |field: &str, value: Json| {
        let mut parameters = json!({"ApplyImmediately": true});
        parameters[field] = value;
        json!(["modify_db_instance", parameters])
    };
    vec![
        drift("backup_retention_period", modify("BackupRetentionPeriod", json!(2))),
        drift("preferred_backup_window", modify("PreferredBackupWindow", json!("03:00-03:30"))),
        drift(
            "preferred_maintenance_window",
            modify("PreferredMaintenanceWindow", json!("mon:04:00-mon:05:00")),
        ),
        drift("deletion_protection", modify("DeletionProtection", json!(false))),
        drift("copy_tags_to_snapshot", modify("CopyTagsToSnapshot", json!(false))),
        drift("multi_az", modify("MultiAZ", json!(false))),
        drift("tags", json!(["remove_tags_from_resource", {"TagKeys": ["team"]}])),
    ]
}

fn snapshot_drifts() -> Vec<Drift> {
    vec![drift("tags", json!(["add_tags_to_resource", {"Tags": [{"Key": "team", "Value": "other"}]}]))]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_or_snapshot_changed_by_somebody_else_is_seen() {
    let aws = Aws::start().await;
    let drifts = instance_drifts();
    let names: Vec<String> = (0..drifts.len()).map(|n| format!("drift-{n}")).collect();
    aws.rds.do_all(names.iter().map(|n| create(n)).collect());
    let project = Project::new(&format!(
        r#"{}
resource "aws_db_instance" "d" {{
  for_each                     = toset({names:?})
  db_instance_identifier       = each.key
  backup_retention_period      = 14
  preferred_backup_window      = "02:00-03:00"
  preferred_maintenance_window = "sun:04:00-sun:05:00"
  deletion_protection          = true
  copy_tags_to_snapshot        = true
  multi_az                     = true
  tags                         = {{ team = "billing" }}
}}
resource "aws_db_snapshot" "s" {{
  db_snapshot_identifier = "snap"
  db_instance_identifier = "{}"
  tags                   = {{ team = "billing" }}
}}
"#,
        aws.provider(),
        names[0],
    ));
    project.apply(&[]);
    project.is_settled();
    let arn = |what: &str, name: &str| format!("arn:aws:rds:eu-west-2:123456789012:{what}:{name}");
    let mut calls = Vec::new();
    let mut cases = Vec::new();
    for (name, drift) in names.iter().zip(&drifts) {
        let resource = arn("db", name);
        let field = match drift.attribute {
            "tags" => ("ResourceName", resource.as_str()),
            _ => ("DBInstanceIdentifier", name.as_str()),
        };
        calls.push(named("rds", &drift.call, &[field]));
        cases.push((format!("aws_db_instance.d[\"{name}\"]"), drift));
    }
    let snapshot = &snapshot_drifts()[0];
    calls.push(named("rds", &snapshot.call, &[("ResourceName", &arn("snapshot", "snap"))]));
    aws.rds.do_all(calls);
    let (plan, kinds) = (project.plan(), kinds());
    assert_seen(&plan, &kinds["aws_db_instance"], &cases);
    assert_seen(&plan, &kinds["aws_db_snapshot"], &[("aws_db_snapshot.s".to_owned(), snapshot)]);
}
