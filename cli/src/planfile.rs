//! A plan in a file: written so that only its owner can read it and never half, read with care.

use std::io::Write;
use std::path::Path;

use drctl_core::codes::Code;
use drctl_core::plan::Plan;

use crate::failure::Failure;
use crate::load;

/// Largest plan that is read, in bytes: some hundred thousand resources.
const MAX_PLAN_BYTES: u64 = 1 << 30;

/// Where the file holds the plan's digest: what was changed by mistake or in passing is noticed.
/// Who changes both is noticed by `--expect-digest`.
const DIGEST: &str = "sha256";

/// Writes the plan. It holds no secrets: those stand in it as references.
pub(crate) fn write(path: &Path, plan: &Plan) -> Result<(), Failure> {
    let mut json = serde_json::to_value(plan).expect("a plan serialises to JSON");
    json[DIGEST] = plan.digest().into();
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
pub(crate) fn read(path: &Path) -> Result<Plan, Failure> {
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
    let digest = json[DIGEST].take();
    let plan: Plan = serde_json::from_value(json).map_err(|e| wrong(e.to_string()))?;
    if digest.as_str() != Some(&plan.digest()) {
        let headline = format!("`{name}` has been changed since it was written: its digest is another one");
        return Err(Failure::new(Code::DamagedPlan, headline, "Plan again; a plan file must not be edited."));
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn a_plan_reads_back_as_written_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        let plan = sample::plan();
        write(&path, &plan).unwrap();
        assert_eq!(read(&path).unwrap(), plan);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(write(&dir.path().join("none/p"), &plan).is_err());
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
