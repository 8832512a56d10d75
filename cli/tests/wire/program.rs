//! The program in a folder of its own, and the servers it speaks to.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::harness::look::boto3;
use crate::harness::proxy::Proxy;
use crate::harness::servers::{Product, Server};

/// The region of everything that does not say otherwise.
pub(crate) const REGION: &str = "eu-west-2";

/// A server behind its counting proxy.
pub(crate) struct Service {
    server: Server,
    pub(crate) proxy: Proxy,
}

impl Service {
    pub(crate) async fn start(product: Product) -> Service {
        let server = Server::start(product).await;
        let proxy = Proxy::start(server.address).await;
        Service { server, proxy }
    }

    /// Another way to the same server, with counts and faults of its own.
    pub(crate) async fn second_proxy(&self) -> Proxy {
        Proxy::start(self.server.address).await
    }

    /// Runs boto3 calls past the proxy. None of them may be refused.
    pub(crate) fn do_all(&self, calls: Vec<Json>) {
        for (call, answer) in calls.iter().zip(self.look(&Json::Array(calls.clone()))) {
            assert_eq!(answer.get("refused"), None, "{call}");
        }
    }

    /// Runs boto3 calls past the proxy and gives their answers.
    pub(crate) fn look(&self, calls: &Json) -> Vec<Json> {
        boto3(&self.server.url(), REGION, calls)
    }
}

/// S3 (ministack), and RDS and STS (moto), each behind its proxy.
pub(crate) struct Aws {
    pub(crate) s3: Service,
    pub(crate) rds: Service,
}

impl Aws {
    pub(crate) async fn start() -> Aws {
        let (s3, rds) = tokio::join!(Service::start(Product::Ministack), Service::start(Product::Moto));
        Aws { s3, rds }
    }

    /// A provider block that leads here.
    pub(crate) fn provider(&self) -> String {
        provider("", REGION, &self.s3.proxy.url(), &self.rds.proxy.url())
    }

    /// Calls so far, of all services.
    pub(crate) fn calls(&self) -> BTreeMap<String, usize> {
        let mut calls = self.s3.proxy.calls();
        for (call, count) in self.rds.proxy.calls() {
            *calls.entry(call).or_default() += count;
        }
        calls
    }
}

/// A provider block: S3 at one URL, everything else at another.
pub(crate) fn provider(more: &str, region: &str, s3: &str, others: &str) -> String {
    format!(
        "provider \"aws\" {{\n  {more}\n  region = \"{region}\"\n  endpoints {{\n    s3 = \"{s3}\"\n    \
         rds = \"{others}\"\n    sts = \"{others}\"\n  }}\n}}\n"
    )
}

/// The calls of the second count that are not in the first.
pub(crate) fn since(
    before: &BTreeMap<String, usize>,
    now: BTreeMap<String, usize>,
) -> BTreeMap<String, usize> {
    now.into_iter()
        .map(|(call, count)| {
            let earlier = before.get(&call).copied().unwrap_or_default();
            (call, count - earlier)
        })
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// Whether a call only looks.
pub(crate) fn is_read(call: &str) -> bool {
    ["GET ", "HEAD ", "POST Action=Describe", "POST Action=GetCallerIdentity"]
        .iter()
        .any(|read| call.starts_with(read))
}

/// A folder with a configuration.
pub(crate) struct Project {
    dir: TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The code must be this one.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }

    /// What it printed, as a plan in JSON.
    pub(crate) fn plan(&self) -> Plan {
        Plan(serde_json::from_str(&self.out).unwrap())
    }
}

impl Project {
    pub(crate) fn new(configuration: &str) -> Project {
        let project = Project { dir: tempfile::tempdir().unwrap() };
        project.write(configuration);
        project
    }

    pub(crate) fn write(&self, configuration: &str) {
        fs::write(self.dir.path().join("main.dr.hcl"), configuration).unwrap();
    }

    /// What stands in a file of the folder.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap()
    }

    /// Takes away what drctl knows: from here on it is another machine.
    pub(crate) fn forget(&self) {
        fs::remove_dir_all(self.dir.path().join(".drctl")).unwrap();
    }

    /// Runs the program with made-up credentials and nothing else from the environment.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_drctl"))
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .envs([
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("AWS_EC2_METADATA_DISABLED", "true"),
            ])
            .env("HOME", self.dir.path())
            .output()
            .unwrap();
        Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Applies, with these acceptances; it must succeed.
    #[track_caller]
    pub(crate) fn apply(&self, accept: &[&str]) -> Ended {
        let mut arguments = vec!["apply", "--auto-approve"];
        arguments.extend(accept.iter().flat_map(|a| ["--accept", a]));
        self.run(&arguments).with(0)
    }

    /// A plan in JSON.
    #[track_caller]
    pub(crate) fn plan(&self) -> Plan {
        self.run(&["plan", "--json"]).with(0).plan()
    }

    /// The next plan must be empty.
    #[track_caller]
    pub(crate) fn is_settled(&self) {
        self.run(&["plan", "--detailed-exitcode", "--require-complete"]).with(0);
    }
}

/// A plan as programs read it.
pub(crate) struct Plan(Json);

impl Plan {
    /// What is planned for an address.
    #[track_caller]
    pub(crate) fn of(&self, address: &str) -> &Json {
        let changes = self.0["resource_changes"].as_array().unwrap();
        let found = changes.iter().find(|c| c["address"] == address);
        &found.unwrap_or_else(|| panic!("{address} is not in the plan"))["drctl"]
    }

    /// The paths that change at an address.
    #[track_caller]
    pub(crate) fn paths(&self, address: &str) -> Vec<Vec<String>> {
        let attributes = self.of(address)["attributes"].as_array().unwrap();
        let path = |a: &Json| a["path"].as_array().unwrap().iter().map(text).collect();
        attributes.iter().map(path).collect()
    }
}

fn text(segment: &Json) -> String {
    segment.as_str().map_or_else(|| segment.to_string(), str::to_owned)
}
