//! What a plan is recognised by: one digest over what a reviewer approves.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Plan, ProviderHead, ResourceChange};
use crate::lang::render;
use crate::provider::Place;

impl Plan {
    /// What a reviewer approves: the same configuration on the same world gives the same digest,
    /// whoever plans and whenever. Leaves out the time, the age of what was seen, the caller, the
    /// acceptances (they allow a change and do not make one), the objectives, findings and checks (they follow from
    /// the rest and the time), and what was observed beyond what each change is bound to.
    pub fn digest(&self) -> String {
        // Taken apart without `..`, so that a new field has to be decided on.
        let Plan {
            format_version,
            drctl_version,
            timestamp: _,
            providers,
            config_sha256,
            state,
            complete,
            selection,
            changes,
            steps,
            outputs,
            objectives: _,
            findings: _,
            checks: _,
            accepted: _,
            last_seen: _,
        } = self;
        let mut digest = JsonDigest::default();
        digest.add(&(
            format_version,
            drctl_version,
            config_sha256,
            state,
            complete,
            selection,
            steps,
            outputs,
        ));
        for (address, ProviderHead { place, simulated, unobserved }) in providers {
            let Place { account, caller: _, region, endpoint } = place;
            digest.add(&(address, account, region, endpoint, simulated, unobserved));
        }
        for change in changes {
            let ResourceChange {
                address,
                previous_address,
                provider,
                id,
                action,
                why,
                attributes,
                notes,
                desired,
                observed: _,
                observed_sha256,
                unobserved,
                drift,
                source,
            } = change;
            digest.add(&(address, previous_address, provider, id, action, why, attributes, notes));
            digest.add(&(observed_sha256, unobserved, drift, source));
            for (name, expr) in desired {
                digest.add(&(name, render(expr), expr.any_sensitive()));
            }
        }
        digest.finish()
    }
}

/// The SHA-256 of values as JSON, one after the other, without holding more than one text.
#[derive(Default)]
struct JsonDigest {
    digest: Sha256,
    text: Vec<u8>,
}

impl JsonDigest {
    fn add(&mut self, value: &impl Serialize) {
        self.text.clear();
        serde_json::to_writer(&mut self.text, value).expect("values serialise to JSON");
        self.text.push(b'\n');
        self.digest.update(&self.text);
    }

    fn finish(self) -> String {
        hex(&self.digest.finalize())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The SHA-256 of some bytes, in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
