//! What a plan costs: the calls, counted one by one.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value as Json, json};

use crate::databases::create;
use crate::program::{Aws, Project, since};

const THINGS: usize = 20;

/// What ruling 11 counts: six GETs a bucket.
const SIX: [&str; 6] =
    ["encryption", "lifecycle", "object-lock", "publicAccessBlock", "replication", "versioning"];

fn configuration(provider: &str, more: &str) -> String {
    let mut text = provider.to_owned();
    for n in 0..THINGS {
        let _ = write!(
            text,
            r#"
resource "aws_s3_bucket" "b{n}" {{
  bucket     = "bucket-{n}"
  versioning = "Enabled"
  object_lock {{
    mode = "GOVERNANCE"
    days = 7
  }}
  lifecycle {{
    rule "old" {{
      noncurrent_version_expiration {{
        noncurrent_days = 90
      }}
    }}
  }}
  replication {{
    role = "arn:aws:iam::123456789012:role/replication"
    rule "all" {{
      destination               = "arn:aws:s3:::elsewhere"
      delete_marker_replication = "Disabled"
    }}
  }}
  server_side_encryption {{
    sse_algorithm = "AES256"
  }}
  public_access_block {{
    block_public_acls = true
  }}
  {more}
}}
resource "aws_db_instance" "d{n}" {{
  db_instance_identifier  = "db-{n}"
  backup_retention_period = 14
}}
"#
        );
    }
    text
}

/// The calls of reading everything once: so many for each bucket, one page, one question who is asking.
fn expected(parts: &[&str]) -> BTreeMap<String, usize> {
    let buckets = (0..THINGS).flat_map(|n| parts.iter().map(move |p| format!("GET /bucket-{n}/?{p}")));
    let others = ["POST Action=DescribeDBInstances", "POST Action=GetCallerIdentity"].map(str::to_owned);
    buckets.chain(others).map(|call| (call, 1)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_costs_six_gets_a_bucket_one_page_of_instances_and_one_question_who_asks() {
    let aws = Aws::start().await;
    aws.rds.do_all((0..THINGS).map(|n| create(&format!("db-{n}"))).collect());
    let make = |n: usize| {
        json!(["s3", "create_bucket", {"Bucket": format!("bucket-{n}"),
            "CreateBucketConfiguration": {"LocationConstraint": "eu-west-2"}}])
    };
    aws.s3.do_all((0..THINGS).map(make).collect::<Vec<Json>>());
    let project = Project::new("");
    for (more, parts) in [
        ("", SIX.to_vec()),
        ("tags = { team = \"a\" }", [&SIX[..], &["tagging"]].concat()),
        (
            "tags = { team = \"a\" }\n  policy = jsonencode({ Version = \"2012-10-17\", Statement = [] })",
            [&SIX[..], &["tagging", "policy"]].concat(),
        ),
    ] {
        project.write(&configuration(&aws.provider(), more));
        let before = aws.calls();
        project.plan();
        assert_eq!(since(&before, aws.calls()), expected(&parts), "{more}");
    }
}
