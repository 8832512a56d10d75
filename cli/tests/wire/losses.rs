//! What cannot be seen: a dead region beside a live one, a denied question, a bucket of somebody else, the
//! wrong account. It is unobserved or an error; it is never taken for absent.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::proxy::{Fault, Proxy};
use crate::harness::servers::Product;
use crate::program::{Aws, Project, REGION, Service, is_read, provider};

/// What the engine gives a provider that says nothing, and what a busy machine adds.
const BUDGET: Duration = Duration::from_secs(15);
const SLACK: Duration = Duration::from_secs(6);

/// Two regions; the second is reached through a proxy of its own.
fn two_regions(aws: &Aws, other: &Proxy) -> String {
    let first = aws.provider();
    let second = provider("alias = \"other\"", "eu-west-1", &other.url(), &other.url());
    format!(
        r#"{first}{second}
resource "aws_s3_bucket" "here" {{
  bucket     = "here"
  versioning = "Enabled"
}}
resource "aws_s3_bucket" "there" {{
  provider   = aws.other
  bucket     = "there"
  versioning = "Enabled"
}}
resource "aws_db_instance" "there" {{
  provider                = aws.other
  db_instance_identifier  = "there"
  backup_retention_period = 7
}}
"#
    )
}

async fn one_region_of_two_is_lost(fault: Fault) {
    let aws = Aws::start().await;
    let other = aws.s3.second_proxy().await;
    other.fail("", fault);
    let project = Project::new(&two_regions(&aws, &other));
    let start = Instant::now();
    let ended = project.run(&["plan", "--json", "--require-complete"]).with(6);
    let took = start.elapsed();
    assert!(took < BUDGET + SLACK, "{fault:?}: {took:?}\n{}", ended.err);
    let plan = ended.plan();
    assert_eq!(plan.of("aws_s3_bucket.here")["action"], "create");
    for address in ["aws_s3_bucket.there", "aws_db_instance.there"] {
        assert_eq!(plan.of(address)["action"], "unobserved", "{fault:?}");
        assert!(plan.paths(address).is_empty());
    }
    if fault == Fault::Hang {
        return;
    }
    // Nothing is written while something that is to be changed cannot be seen; without it, the rest is.
    let ended = project.run(&["apply", "--auto-approve"]).with(6);
    assert!(ended.err.contains("aws_s3_bucket.there"), "{}", ended.err);
    assert!(other.calls().keys().all(|c| is_read(c)), "{:?}", other.calls());
    project
        .run(&[
            "apply",
            "--auto-approve",
            "--exclude",
            "aws_s3_bucket.there",
            "--exclude",
            "aws_db_instance.there",
        ])
        .with(0);
    let seen = aws.s3.look(&json!([["s3", "list_buckets", {}]]));
    let names: Vec<_> = seen[0]["Buckets"].as_array().unwrap().iter().map(|b| &b["Name"]).collect();
    assert_eq!(names, ["here"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_region_leaves_the_other_its_plan() {
    one_region_of_two_is_lost(Fault::Hang).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_resets_connections_leaves_the_other_its_plan() {
    one_region_of_two_is_lost(Fault::Reset).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_answers_500_leaves_the_other_its_plan() {
    one_region_of_two_is_lost(Fault::Broken).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_denied_get_is_one_attribute_unobserved() {
    let aws = Aws::start().await;
    aws.s3.do_all(vec![json!(["s3", "create_bucket", {"Bucket": "ours",
        "CreateBucketConfiguration": {"LocationConstraint": REGION}}])]);
    let project = Project::new(&format!(
        r#"{}
resource "aws_s3_bucket" "ours" {{
  bucket     = "ours"
  versioning = "Enabled"
  lifecycle {{
    rule "old" {{
      noncurrent_version_expiration {{
        noncurrent_days = 90
      }}
    }}
  }}
}}
"#,
        aws.provider()
    ));
    aws.s3.proxy.fail("?lifecycle", Fault::Denied);
    let plan = project.run(&["plan", "--json"]).with(0).plan();
    let change = plan.of("aws_s3_bucket.ours");
    let of =
        |name: &str| change["attributes"].as_array().unwrap().iter().find(|a| a["path"][0] == name).unwrap();
    assert_eq!(of("versioning")["after"], "Enabled");
    assert_eq!(of("lifecycle")["unobserved"]["class"], "denied", "{change:#}");
    project.run(&["plan", "--require-complete"]).with(6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_somebody_else_is_unobserved_and_never_created() {
    let aws = Aws::start().await;
    let bucket =
        "resource \"aws_s3_bucket\" \"theirs\" {\n  bucket = \"theirs\"\n  versioning = \"Enabled\"\n}\n";
    let project = Project::new(&(aws.provider() + bucket));
    aws.s3.proxy.fail("/theirs", Fault::Denied);
    let plan = project.run(&["plan", "--json"]).with(0).plan();
    let theirs = plan.of("aws_s3_bucket.theirs").to_string();
    assert!(theirs.contains("not among the buckets of this account"), "{theirs}");
    project.run(&["apply", "--auto-approve"]).with(6);
    assert!(aws.calls().keys().all(|c| is_read(c)), "{:?}", aws.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_than_the_allowed_one_is_refused_before_anything_is_read() {
    let (sts, s3) = tokio::join!(Service::start(Product::Moto), Service::start(Product::Ministack));
    let allowed = "allowed_account_ids = [\"999999999999\"]";
    let provider = provider(allowed, REGION, &s3.proxy.url(), &sts.proxy.url());
    let project = Project::new(&(provider + "resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"some\"\n}\n"));
    for command in [&["plan"][..], &["apply", "--auto-approve"]] {
        let ended = project.run(command).with(1);
        assert!(ended.err.contains("123456789012"), "{}", ended.err);
    }
    assert_eq!(s3.proxy.calls().len(), 0);
}
