//! What a plan of 200 buckets and 200 instances costs, with 50 ms of latency a call, measured at the
//! program itself: `cargo bench -p drctl --bench live_plan`. Beside it, what a client without logic takes
//! for the same requests: the servers have a share in both. Stands on the servers that
//! `cli/tests/wire/setup` installs.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that prints its result")]

#[path = "../../providers/aws/sdk/tests/wire/harness/mod.rs"]
#[expect(dead_code, reason = "the harness is the tests'")]
mod harness;
#[path = "../tests/wire/program.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod program;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use harness::http::{self, Message, ToEnd};
use harness::proxy::Proxy;
use program::{Aws, Project};
use serde_json::json;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const RUNS: usize = 5;
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
    let mut best = [Duration::MAX; 2];
    for _ in 0..RUNS {
        let before = (aws.calls(), connections(&aws));
        let start = Instant::now();
        project.run(&["plan", "--json"]).with(0);
        let took = start.elapsed();
        let calls: usize = program::since(&before.0, aws.calls()).values().sum();
        let connections = connections(&aws) - before.1;
        let bound = LATENCY * u32::try_from(calls).unwrap() / IN_FLIGHT;
        let bare = send_again(&aws).await;
        best = [best[0].min(took), best[1].min(bare)];
        let [best_took, best_bare] = best.map(|b| b.as_secs_f64() / bound.as_secs_f64());
        println!(
            "{calls} calls, lower bound {bound:.2?}: drctl {took:.2?} on {connections} connections, a client \
             without logic {bare:.2?}; best so far {best_took:.2} and {best_bare:.2} of the bound, {:.2} of \
             each other",
            best_took / best_bare,
        );
    }
}

fn connections(aws: &Aws) -> usize {
    aws.s3.proxy.connections() + aws.rds.proxy.connections()
}

/// How long the servers take for the same requests when nothing else is done: as many in flight, each
/// sent as soon as there is room.
async fn send_again(aws: &Aws) -> Duration {
    let of = |proxy: &Proxy| {
        let address = proxy.url().trim_start_matches("http://").to_owned();
        proxy.take_requests().into_iter().map(move |request| (address.clone(), request))
    };
    let requests: VecDeque<_> = of(&aws.rds.proxy).chain(of(&aws.s3.proxy)).collect();
    let requests = Arc::new(Mutex::new(requests));
    let start = Instant::now();
    let senders: Vec<_> = (0..IN_FLIGHT).map(|_| tokio::spawn(send(requests.clone()))).collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let took = start.elapsed();
    aws.rds.proxy.take_requests();
    aws.s3.proxy.take_requests();
    took
}

/// Sends one request after the other, on kept connections.
async fn send(requests: Arc<Mutex<VecDeque<(String, Message)>>>) {
    let mut connections: BTreeMap<String, BufReader<TcpStream>> = BTreeMap::new();
    loop {
        let next = requests.lock().unwrap().pop_front();
        let Some((address, request)) = next else { return };
        let connection = match connections.entry(address) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let stream = TcpStream::connect(entry.key()).await.unwrap();
                entry.insert(BufReader::new(stream))
            }
        };
        connection.write_all(&request.bytes()).await.unwrap();
        http::read(connection, ToEnd::No).await.unwrap().unwrap();
    }
}
