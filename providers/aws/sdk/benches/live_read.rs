//! What a live read of 200 buckets and 200 instances costs, with 50 ms of latency a call:
//! `cargo bench -p drctl-aws-sdk`. Stands on the servers that `cli/tests/wire/setup` installs.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that prints its result")]

#[path = "../tests/wire/harness/mod.rs"]
#[expect(dead_code, reason = "the harness is the tests'")]
mod harness;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use drctl_aws::ENTRY;
use drctl_aws_sdk::{Settings, connect_with};
use drctl_core::provider::{AnyCloud, AnyKind, Id, Request};
use harness::look::boto3;
use harness::proxy::Proxy;
use harness::servers::{Product, Server};
use serde_json::{Value, json};

const THINGS: usize = 200;
const IN_FLIGHT: usize = 32;
const LATENCY: Duration = Duration::from_millis(50);
const REGION: &str = "eu-west-2";
const SIX: [&str; 6] = [
    "versioning",
    "object_lock",
    "replication",
    "lifecycle",
    "server_side_encryption",
    "public_access_block",
];

fn kind(name: &str) -> &'static dyn AnyKind {
    *ENTRY.kinds.iter().find(|k| k.name() == name).unwrap()
}

fn request(id: String, wanted: &[&str]) -> Request {
    Request { id: Id(id), wanted: wanted.iter().copied().collect() }
}

fn fill(moto: &Server, ministack: &Server) {
    let instances = (0..THINGS).map(|n| {
        json!(["rds", "create_db_instance", {"DBInstanceIdentifier": format!("db-{n}"),
            "DBInstanceClass": "db.t3.micro", "Engine": "postgres", "AllocatedStorage": 20,
            "MasterUsername": "u", "MasterUserPassword": "not-a-secret", "BackupRetentionPeriod": 7}])
    });
    boto3(&moto.url(), REGION, &Value::Array(instances.collect()));
    let buckets = (0..THINGS).map(|n| {
        json!(["s3", "create_bucket", {"Bucket": format!("bucket-{n}"),
            "CreateBucketConfiguration": {"LocationConstraint": REGION}}])
    });
    boto3(&ministack.url(), REGION, &Value::Array(buckets.collect()));
}

async fn read(cloud: &AnyCloud) {
    let buckets: Vec<_> = (0..THINGS)
        .map(|n| {
            let cloud = cloud.clone();
            tokio::spawn(async move {
                kind("aws_s3_bucket")
                    .read(&cloud, &request(format!("bucket-{n}"), &SIX))
                    .await
                    .unwrap()
                    .unwrap()
            })
        })
        .collect();
    let requests: Vec<_> =
        (0..THINGS).map(|n| request(format!("db-{n}"), &["backup_retention_period"])).collect();
    let instances = kind("aws_db_instance").read_many(cloud, &requests).await.unwrap();
    assert_eq!(instances.len(), THINGS);
    for bucket in buckets {
        assert!(bucket.await.unwrap().unobserved.is_empty());
    }
}

#[tokio::main]
async fn main() {
    let (moto, ministack) = (Server::start(Product::Moto).await, Server::start(Product::Ministack).await);
    fill(&moto, &ministack);
    let (rds, s3) = (Proxy::start(moto.address).await, Proxy::start(ministack.address).await);
    rds.delay(LATENCY);
    s3.delay(LATENCY);
    let settings = Settings {
        region: Some(REGION.into()),
        endpoint: Some(s3.url()),
        endpoint_rds: Some(rds.url()),
        concurrency: IN_FLIGHT,
        ..Settings::default()
    };
    let credentials = SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "bench"));
    let start = Instant::now();
    let cloud = connect_with(settings, credentials).await.unwrap();
    let connected = start.elapsed();
    let cloud: AnyCloud = Arc::new(cloud);
    let start = Instant::now();
    read(&cloud).await;
    let took = start.elapsed();
    let calls = s3.calls().values().chain(rds.calls().values()).sum::<usize>();
    let bound = LATENCY.mul_f64(calls as f64 / IN_FLIGHT as f64);
    println!(
        "connecting {connected:.2?}; {calls} calls in {took:.2?}, {:.2} of the lower bound {bound:.2?}; {} connections",
        took.as_secs_f64() / bound.as_secs_f64(),
        s3.connections() + rds.connections()
    );
}
