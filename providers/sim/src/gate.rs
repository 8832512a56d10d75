//! What stands before every call: the region may be down, the caller throttled or not allowed, and a
//! seeded fault may strike before or after the call took effect.

use drctl_core::provider::{ErrorClass, ProviderError};

use crate::chance;
use crate::error::{denied, refuse};
use crate::world::{Caller, Fault, FaultMoment, Outage, SimWorld};

/// A call as the gate sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Op<'a> {
    /// `s3`, `rds`, `sts`.
    pub(crate) service: &'static str,
    /// The API's name.
    pub(crate) name: &'static str,
    /// What it is about: bucket, identifier or ARN; empty for lists.
    pub(crate) resource: &'a str,
}

impl Op<'_> {
    /// What the error says was being done.
    pub(crate) fn doing(&self) -> String {
        match self.resource {
            "" => format!("{}:{}", self.service, self.name),
            resource => format!("{}:{} of `{resource}`", self.service, self.name),
        }
    }

    /// Whether a pattern `[service:]Operation[:resource]` matches; `*` matches anything.
    pub(crate) fn matches(&self, pattern: &str) -> bool {
        let full = format!("{}:{}", self.service, self.name);
        let candidates = [self.name.to_owned(), full];
        candidates
            .iter()
            .any(|name| glob(pattern, name) || glob(pattern, &format!("{name}:{}", self.resource)))
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any characters.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

impl SimWorld {
    /// Whether the gate itself would change the world at this call: counters go down.
    pub(crate) fn gate_counts(&self, caller: &Caller, op: &Op<'_>) -> bool {
        self.regions.get(&caller.region).is_some_and(|r| r.throttled > 0)
            || self.faults.iter().any(|f| op.matches(&f.pattern))
    }

    /// Refuses the call where the region, the limits or the permissions do.
    pub(crate) fn gate(&mut self, caller: &Caller, op: &Op<'_>) -> Result<(), ProviderError> {
        self.admit(caller, op)?;
        if let Some(region) = self.regions.get_mut(&caller.region)
            && region.throttled > 0
        {
            region.throttled -= 1;
            let code = if op.service == "s3" { "SlowDown" } else { "Throttling" };
            return Err(refuse(&op.doing(), ErrorClass::Throttled, code, "Rate exceeded", ""));
        }
        self.strike(op, FaultMoment::Before)
    }

    /// The part of the gate that changes nothing.
    pub(crate) fn admit(&self, caller: &Caller, op: &Op<'_>) -> Result<(), ProviderError> {
        let Some(state) = self.regions.get(&caller.region) else {
            return Err(ProviderError {
                doing: op.doing(),
                class: ErrorClass::Unavailable,
                code: None,
                message: format!("no endpoint for region `{}`", caller.region),
            });
        };
        let failed = |class, message: &str| ProviderError {
            doing: op.doing(),
            class,
            code: None,
            message: format!("{}: {message}", caller.region),
        };
        match state.outage {
            Some(Outage::Unavailable) => {
                return Err(failed(ErrorClass::Unavailable, "connection refused"));
            }
            Some(Outage::Timeout) => return Err(failed(ErrorClass::Timeout, "no answer in time")),
            None => {}
        }
        if self.denied.iter().chain(&state.denied).any(|pattern| op.matches(pattern)) {
            let who = self.accounts.get(&caller.account).map_or("the caller", |a| a.caller.as_str());
            let message = format!("User: {who} is not authorized to perform: {}:{}", op.service, op.name);
            return Err(denied(&op.doing(), &message));
        }
        Ok(())
    }

    /// Throws the dice of the faults that strike at this moment.
    pub(crate) fn strike(&mut self, op: &Op<'_>, moment: FaultMoment) -> Result<(), ProviderError> {
        let faults: Vec<Fault> =
            self.faults.iter().filter(|f| f.moment == moment && op.matches(&f.pattern)).cloned().collect();
        for fault in faults {
            let call = format!("{}:{}:{}", fault.pattern, op.name, op.resource);
            let throws = self.fault_throws.entry(call.clone()).or_default();
            *throws += 1;
            if chance::number(self.seed, &[&call, &throws.to_string()]) % 1000 < u64::from(fault.per_mille) {
                let (class, code) = match moment {
                    FaultMoment::Before => (ErrorClass::Unavailable, "InternalError"),
                    FaultMoment::After => (ErrorClass::Timeout, "RequestTimeout"),
                };
                return Err(refuse(&op.doing(), class, code, "We encountered an internal error.", ""));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_operations_and_resources() {
        let op = Op { service: "s3", name: "GetBucketPolicy", resource: "logs-eu" };
        for (pattern, expected) in [
            ("GetBucketPolicy", true),
            ("s3:GetBucketPolicy", true),
            ("s3:*", true),
            ("rds:*", false),
            ("*", true),
            ("Get*", true),
            ("Put*", false),
            ("GetBucketPolicy:logs-eu", true),
            ("GetBucketPolicy:logs", false),
            ("s3:Get*Policy:logs-*", true),
            ("*:logs-eu", true),
            ("GetBucket", false),
            ("", false),
        ] {
            assert_eq!(op.matches(pattern), expected, "{pattern}");
        }
    }
}
