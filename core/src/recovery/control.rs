//! Commands that only work while one region does: cloud services whose control plane is in a single one,
//! wherever what they control is.

use crate::provider::ApiNeed;
use crate::system::Step;

/// A service of the AWS command line with the region of its control plane.
struct Single {
    service: &'static str,
    region: &'static str,
    /// Whether that is general knowledge, and was not checked against a source.
    general_knowledge: bool,
}

const fn single(service: &'static str, region: &'static str) -> Single {
    Single { service, region, general_knowledge: false }
}

const fn unchecked(service: &'static str, region: &'static str) -> Single {
    Single { service, region, general_knowledge: true }
}

/// AWS Fault Isolation Boundaries (whitepaper), global services. The states of routing controls
/// (`route53-recovery-cluster`) are data plane in several regions and not among them.
const SINGLE: [Single; 11] = [
    single("iam", "us-east-1"),
    single("networkmanager", "us-west-2"),
    single("organizations", "us-east-1"),
    single("route53", "us-east-1"),
    single("route53-recovery-control-config", "us-west-2"),
    single("route53-recovery-readiness", "us-west-2"),
    unchecked("account", "us-east-1"),
    unchecked("cloudfront", "us-east-1"),
    unchecked("globalaccelerator", "us-west-2"),
    unchecked("route53domains", "us-east-1"),
    unchecked("shield", "us-east-1"),
];

/// Options of the AWS command line before the service that have a value.
const WITH_VALUE: [&str; 9] = [
    "--ca-bundle",
    "--cli-connect-timeout",
    "--cli-read-timeout",
    "--color",
    "--endpoint-url",
    "--output",
    "--profile",
    "--query",
    "--region",
];

/// The control plane in a single region that a step calls, and whether that is general knowledge.
pub(crate) fn called(step: &Step) -> Option<(ApiNeed, bool)> {
    let line: Vec<&str> = match (&step.run, &step.shell) {
        (Some(words), _) => words.iter().map(String::as_str).collect(),
        (None, Some(line)) => line.split(|c: char| c.is_whitespace() || "|&;()".contains(c)).collect(),
        (None, None) => return None,
    };
    // Other partitions have control planes of their own.
    if line.iter().any(|w| w.contains("us-gov-") || w.contains("cn-north") || w.contains("cn-northwest")) {
        return None;
    }
    let starts = line.iter().enumerate().filter(|(_, word)| **word == "aws" || word.ends_with("/aws"));
    let starts = starts.take(if step.run.is_some() { 1 } else { usize::MAX });
    let services = starts.filter(|(at, _)| step.shell.is_some() || *at == 0).filter_map(|(at, _)| {
        let mut words = line[at + 1..].iter();
        loop {
            match *words.next()? {
                option if WITH_VALUE.contains(&option) => drop(words.next()),
                option if option.starts_with("--") => {}
                service => return Some(service),
            }
        }
    });
    let found = services.filter_map(|service| SINGLE.iter().find(|one| one.service == service)).next()?;
    let api =
        ApiNeed { service: found.service.to_owned(), region: found.region.to_owned(), control_plane: true };
    Some((api, found.general_knowledge))
}
