//! A plan in a file: written so that only its owner can read it and never half, read with care.

use std::io::Write;
use std::path::Path;

use drctl_core::codes::Code;
use drctl_core::plan::{Plan, sha256_hex};

use crate::base::Since;
use crate::failure::Failure;
use crate::load;

/// Largest plan that is read, in bytes: some hundred thousand resources.
const MAX_PLAN_BYTES: u64 = 1 << 30;

/// Where the file holds the plan's digest: what was changed by mistake or in passing is noticed.
/// Who changes both is noticed by `--expect-digest`.
const DIGEST: &str = "sha256";
/// Where it holds what was compared with a base, and the digest of that.
const BASE: &str = "base";
const BASE_DIGEST: &str = "base_sha256";

/// What a file holds.
pub(crate) struct Saved {
    /// What an apply does.
    pub(crate) plan: Plan,
    /// What the pull request does. For people: an apply does not look at it.
    pub(crate) since: Option<Since>,
}

/// Writes the plan. It holds no secrets: those stand in it as references.
pub(crate) fn write(path: &Path, plan: &Plan, since: Option<&Since>) -> Result<(), Failure> {
    let mut json = serde_json::to_value(plan).expect("a plan serialises to JSON");
    json[DIGEST] = plan.digest().into();
    if let Some(since) = since {
        json[BASE] = serde_json::to_value(since).expect("a comparison serialises to JSON");
        json[BASE_DIGEST] = sha256_hex(json[BASE].to_string().as_bytes()).into();
    }
    write_private(path, format!("{json}\n").as_bytes()).map_err(|error| {
        // The name of the temporary file, which `tempfile` adds, helps nobody.
        let why = error.to_string();
        let why = why.split(" at path ").next().unwrap_or_default();
        let headline = format!("The plan cannot be written to `{}`: {why}", path.display());
        Failure::new(Code::Unwritable, headline, "Name a file in a directory you may write to.")
    })
}

/// Replaces a file as a whole; only its owner may read it.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A device or a folder is not replaced: who may write `/dev/null` would lose it.
    if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(std::io::Error::other("it is there and is no plain file"));
    }
    let dir = path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Reads a plan.
pub(crate) fn read(path: &Path) -> Result<Saved, Failure> {
    let name = path.display().to_string();
    let text = load::text(path, &name, MAX_PLAN_BYTES).map_err(|d| Failure::from(*d))?;
    let wrong = |why: String| {
        let headline = format!("`{name}` is no plan: {why}");
        Failure::new(Code::UnreadablePlan, headline, "Write one with `drctl plan --out FILE`.")
    };
    let mut json: serde_json::Value = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    let version = json["format_version"].as_str().unwrap_or_default().to_owned();
    if version.split('.').next() != Some("1") {
        return Err(wrong(match version.as_str() {
            "" => "it has no format version".to_owned(),
            version => format!("it has format version {version}, this drctl reads 1"),
        }));
    }
    let (digest, base, base_digest) = (json[DIGEST].take(), json[BASE].take(), json[BASE_DIGEST].take());
    let plan: Plan = serde_json::from_value(json).map_err(|e| wrong(e.to_string()))?;
    let base_is_whole =
        base.is_null() || base_digest.as_str() == Some(&sha256_hex(base.to_string().as_bytes()));
    if digest.as_str() != Some(&plan.digest()) || !base_is_whole {
        let headline = format!("`{name}` has been changed since it was written: its digest is another one");
        return Err(Failure::new(Code::DamagedPlan, headline, "Plan again; a plan file must not be edited."));
    }
    let since = serde_json::from_value(base).map_err(|e| wrong(e.to_string()))?;
    Ok(Saved { plan, since })
}

#[cfg(test)]
mod tests {
    use drctl_core::plan::Comparison;
    use serde_json::json;

    use super::*;
    use crate::base::Found;
    use crate::render::sample;

    #[test]
    fn a_plan_reads_back_as_written_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        let plan = sample::plan();
        write(&path, &plan, None).unwrap();
        let found = read(&path).unwrap();
        assert_eq!((found.plan, found.since), (plan.clone(), None));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(write(&dir.path().join("none/p"), &plan, None).is_err());
    }

    #[test]
    fn what_was_compared_with_a_base_reads_back_and_is_not_edited_either() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        let plan = sample::plan();
        let comparison =
            Comparison { plan: sample::plan(), let_go: Default::default(), diagnostics: Default::default() };
        for found in [Found::Compared(Box::new(comparison)), Found::Errored(vec![json!({ "summary": "x" })])]
        {
            let since = Since { base: "main".to_owned(), found };
            write(&path, &plan, Some(&since)).unwrap();
            assert_eq!(read(&path).unwrap().since, Some(since));
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text.replace("\"base\":\"main\"", "\"base\":\"mine\"")).unwrap();
            assert!(matches!(read(&path), Err(Failure::Diagnostics(_))));
        }
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        for text in ["", "{}", "{\"format_version\":\"2.0\"}", "{\"format_version\":\"1.0\"}", "[1]"] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(read(&path), Err(Failure::Diagnostics(_))), "{text}");
        }
    }
}
