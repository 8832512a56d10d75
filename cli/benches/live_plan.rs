//! What a plan of 200 buckets and 200 instances costs, with 50 ms of latency a call, measured at the
//! program itself: `cargo bench -p drctl --bench live_plan`. Stands on the servers that
//! `cli/tests/wire/setup` installs.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that prints its result")]

#[path = "../../providers/aws/sdk/tests/wire/harness/mod.rs"]
#[expect(dead_code, reason = "the harness is the tests'")]
mod harness;
#[path = "../tests/wire/program.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod program;

use std::fmt::Write;
use std::time::{Duration, Instant};

use program::{Aws, Project};
use serde_json::json;

const THINGS: usize = 200;
const IN_FLIGHT: u32 = 32;
const LATENCY: Duration = Duration::from_millis(50);

fn configuration(provider: &str) -> String {
    let mut text = provider.to_owned();
    for n in 0..THINGS {
        let _ = write!(
            text,
            r#"
resource "aws_s3_bucket" "b{n}" {{
  bucket     = "bucket-{n}"
  versioning = "Enabled"
  object_lock {{}}
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

#[tokio::main]
async fn main() {
    let aws = Aws::start().await;
    let instance = |n: usize| {
        json!(["rds", "create_db_instance", {"DBInstanceIdentifier": format!("db-{n}"),
            "DBInstanceClass": "db.t3.micro", "Engine": "postgres", "AllocatedStorage": 20,
            "MasterUsername": "u", "MasterUserPassword": "not-a-secret", "BackupRetentionPeriod": 7}])
    };
    aws.rds.do_all((0..THINGS).map(instance).collect());
    let bucket = |n: usize| {
        json!(["s3", "create_bucket", {"Bucket": format!("bucket-{n}"),
            "CreateBucketConfiguration": {"LocationConstraint": "eu-west-2"}}])
    };
    aws.s3.do_all((0..THINGS).map(bucket).collect());
    aws.s3.proxy.delay(LATENCY);
    aws.rds.proxy.delay(LATENCY);
    let project = Project::new(&configuration(&aws.provider()));
    for _ in 0..3 {
        let before = (aws.calls(), aws.s3.proxy.connections() + aws.rds.proxy.connections());
        let start = Instant::now();
        project.run(&["plan", "--json"]).with(0);
        let took = start.elapsed();
        let calls: usize = program::since(&before.0, aws.calls()).values().sum();
        let connections = aws.s3.proxy.connections() + aws.rds.proxy.connections() - before.1;
        let bound = LATENCY * u32::try_from(calls).unwrap() / IN_FLIGHT;
        println!(
            "{calls} calls in {took:.2?}, {:.2} of the lower bound {bound:.2?}; {connections} connections",
            took.as_secs_f64() / bound.as_secs_f64(),
        );
    }
}
