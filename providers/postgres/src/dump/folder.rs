//! Dumps in a directory. Each is written under a hidden name, and gets its own once it is on the disk.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use drctl_core::provider::ProviderError;
use drctl_core::system::DumpFormat;
use jiff::Timestamp;

use super::names::{self, Names, SUMS};
use super::sums::{Copy, denied, files, sums_of};
use super::{CHECKING, Dumping, Gone, LISTING, MAKING, REMOVING, Standing};
use crate::tool::failed;

/// A directory with dumps.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: &str) -> Folder {
        Folder { path: PathBuf::from(path) }
    }

    pub(super) fn list(&self, names: &Names) -> Result<Vec<Standing>, ProviderError> {
        let mut found = Vec::new();
        for name in self.names()? {
            let Some(began) = names.moment(&name) else { continue };
            let (path, sums) = (self.path.join(&name), self.sums_path(&name));
            let bytes = size(&path).map_err(|e| denied(LISTING, &path, &e))?;
            let written = fs::metadata(&sums).and_then(|m| m.modified()).ok();
            let summed = written.and_then(|at| Timestamp::try_from(at).ok());
            let missing = || format!("`{}` is missing: nobody knows whether it is whole", sums.display());
            let summed = summed.ok_or_else(missing);
            found.push(Standing { name, began, bytes, summed, locked_until: None });
        }
        Ok(found)
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }

    fn names(&self) -> Result<Vec<String>, ProviderError> {
        let unread = |e: io::Error| denied(LISTING, &self.path, &e);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(unread)? {
            if let Ok(name) = entry.map_err(unread)?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn sums_path(&self, name: &str) -> PathBuf {
        self.path.join(names::sums_of(name))
    }

    fn part(&self, name: &str) -> PathBuf {
        self.path.join(format!(".{name}.part"))
    }

    /// Makes the dump of that name.
    pub(super) async fn write(&self, dumping: &Dumping<'_>, name: &str) -> Result<(), ProviderError> {
        let part = self.part(name);
        let written = self.write_part(dumping, (name, &part)).await;
        if written.is_err() {
            // What is left of it says its name; the error before is the one that matters.
            let _gone = remove(&part);
        }
        written
    }

    async fn write_part(
        &self,
        dumping: &Dumping<'_>,
        (name, part): (&str, &Path),
    ) -> Result<(), ProviderError> {
        let broken = |e: io::Error| denied(MAKING, part, &e);
        // It exists for its owner alone before anything is in it.
        match dumping.is.format {
            DumpFormat::Directory => fs::DirBuilder::new().mode(0o700).create(part).map_err(broken)?,
            DumpFormat::Custom | DumpFormat::Plain | DumpFormat::Tar => {
                let mut options = OpenOptions::new();
                options.write(true).create_new(true).mode(0o600).open(part).map_err(broken)?;
            }
        }
        let mut words = dumping.words();
        words.push(format!("--file={}", part.display()));
        dumping.tool.run(words).await?;
        let (part, under, name) = (part.to_owned(), self.path.clone(), name.to_owned());
        let finish = move || finish(&under, (&part, &name));
        match tokio::task::spawn_blocking(finish).await {
            Ok(done) => done.map_err(|(path, e)| denied(MAKING, &path, &e)),
            Err(e) => Err(failed(MAKING, e)),
        }
    }

    /// Removes what was never finished: parts, and checksums of nothing.
    pub(super) fn sweep(&self, names: &Names) -> Result<(), ProviderError> {
        for name in self.names()? {
            let hidden = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".part"));
            let unfinished =
                hidden.is_some_and(|of| names.moment(of.strip_suffix(SUMS).unwrap_or(of)).is_some());
            let of_nothing = names.summed(&name).is_some_and(|of| !self.path.join(of).exists());
            if unfinished || of_nothing {
                let path = self.path.join(&name);
                remove(&path).map_err(|e| denied("removing what was never finished", &path, &e))?;
            }
        }
        Ok(())
    }

    pub(super) fn remove(&self, name: &str) -> Result<Gone, ProviderError> {
        let (path, part) = (self.path.join(name), self.part(name));
        // Under its name it is whole or not there.
        let removed = fs::rename(&path, &part)
            .and_then(|()| remove(&part))
            .and_then(|()| remove(&self.sums_path(name)));
        removed.map(|()| Gone::Removed).map_err(|e| denied(REMOVING, &path, &e))
    }

    pub(super) fn copy(&self, name: &str) -> Copy {
        Copy::itself(self.path.join(name))
    }

    pub(super) fn sums(&self, name: &str) -> Result<String, ProviderError> {
        let path = self.sums_path(name);
        fs::read_to_string(&path).map_err(|e| denied(CHECKING, &path, &e))
    }
}

/// Sums a whole part up and gives it its name. An error comes with the path that it is of.
fn finish(under: &Path, (part, name): (&Path, &str)) -> Result<(), (PathBuf, io::Error)> {
    let text = settle(part, name).map_err(|e| (part.to_owned(), e))?;
    let sums = names::sums_of(name);
    let sums_part = under.join(format!(".{sums}.part"));
    let sums_written = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&sums_part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&sums_part, under.join(&sums))?;
        sync(under)
    };
    sums_written().map_err(|e| (sums_part.clone(), e))?;
    let last = under.join(name);
    fs::rename(part, &last).and_then(|()| sync(under)).map_err(|e| (last, e))
}

fn size(path: &Path) -> io::Result<u64> {
    files(path)?.iter().map(|file| fs::symlink_metadata(file).map(|m| m.len())).sum()
}

/// Gives the files to their owner alone, sees to it that they are on the disk, and sums them up.
fn settle(part: &Path, name: &str) -> io::Result<String> {
    for file in files(part)? {
        fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        File::open(&file)?.sync_all()?;
    }
    if part.is_dir() {
        sync(part)?;
    }
    sums_of(part, name)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(is) if is.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
