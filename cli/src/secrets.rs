//! The files that steps read secrets from, as they are on this machine. What is in them is not looked at.

use std::path::Path;

use drctl_core::recovery::{Blocked, RecoveryPlan, SecretFile, needed};
use drctl_host::usable_secret;

/// Why a secret cannot be read from the file; none when it can.
pub(crate) fn unusable(dir: &Path, SecretFile { dir: of_step, path, shared }: &SecretFile) -> Option<String> {
    let path = dir.join(of_step.as_deref().unwrap_or_default()).join(path);
    // A part of it may be known only when the step begins.
    if path.to_string_lossy().contains("${") {
        return None;
    }
    usable_secret(&path, *shared).err()
}

/// The steps that cannot be done here, for their secrets cannot be read.
pub(crate) fn missing(plan: &RecoveryPlan, dir: &Path) -> Vec<Blocked> {
    let files = needed(plan).secret_files;
    let unusable = files.iter().filter_map(|(file, steps)| Some((file, steps, unusable(dir, file)?)));
    let blocked = unusable.flat_map(|(file, steps, why)| {
        let why = format!("it reads a secret from `{}`, which {why}", file.path);
        steps.iter().map(move |step| Blocked { step: Some(*step), service: None, why: why.clone() })
    });
    blocked.collect()
}
