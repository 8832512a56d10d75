//! A kit as a folder: private, and there as a whole or not at all.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use drctl_core::codes::Code;
use tempfile::{Builder, TempDir};

use super::archive::is_program;
use super::{Kit, PROJECT};
use crate::failure::Failure;
use crate::project::Project;
use crate::render::text::safe;

/// A kit in a folder of its own that goes with it.
pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    /// Opens the kit into one.
    pub(crate) fn of(kit: &Kit) -> Result<Place, Failure> {
        let made = private("drctl-kit-").tempdir();
        let dir = made.map_err(|error| unwritable(&std::env::temp_dir(), &error))?;
        fill(dir.path(), kit).map_err(|error| unwritable(dir.path(), &error))?;
        Ok(Place { dir })
    }

    /// Opens the kit into a folder that stays. It must not be there yet.
    pub(crate) fn keep(kit: &Kit, to: &Path) -> Result<(), Failure> {
        if fs::symlink_metadata(to).is_ok() {
            let headline = format!("`{}` is there already", safe(&to.display().to_string()));
            return Err(Failure::new(Code::Unwritable, headline, "Name a folder that is not there yet."));
        }
        let above = to.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let failed = |error: io::Error| unwritable(to, &error);
        // Beside its place, so that it is moved there as a whole.
        let dir = private(".drctl-kit-").tempdir_in(above).map_err(failed)?;
        fill(dir.path(), kit).map_err(failed)?;
        fs::rename(dir.path(), to).map_err(failed)?;
        // It is no longer where it would be removed.
        drop(dir.keep());
        Ok(())
    }

    /// The project in it.
    pub(crate) fn project(&self, env: &BTreeMap<String, String>) -> Project {
        Project::of_kit(self.dir.path().join(PROJECT), env)
    }
}

/// A folder that nobody else can look into, from its first moment.
fn private(prefix: &str) -> Builder<'_, 'static> {
    let mut builder = Builder::new();
    builder.prefix(prefix).permissions(Permissions::from_mode(0o700));
    builder
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let headline = format!("The kit cannot be opened into `{}`: {error}", safe(&path.display().to_string()));
    Failure::new(Code::Unwritable, headline, "Have room where you may write; TMPDIR names another place.")
}

/// Writes every entry, for nobody else to read. Their names lead nowhere else: that is what they are.
fn fill(dir: &Path, kit: &Kit) -> io::Result<()> {
    for (name, bytes) in &kit.entries {
        let path = dir.join(name.as_str());
        let above = path.parent().unwrap_or(dir);
        DirBuilder::new().recursive(true).mode(0o700).create(above)?;
        let mode = if is_program(name.as_str()) { 0o700 } else { 0o600 };
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(bytes)?;
    }
    Ok(())
}
