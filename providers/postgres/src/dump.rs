//! Dumps in a directory: each under its own name only once it is whole and on the disk, with its checksums
//! beside it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use drctl_core::addr::Name;
use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::stored::{Made, Stored};
use drctl_core::system::{Backup, DumpFormat, PgDump};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::tool::{Tool, failed, rejected};

const MAKING: &str = "making a dump";
const LISTING: &str = "listing dumps";
const CHECKING: &str = "comparing the checksums of a dump";

/// What the checksums of a dump are called, after its name.
const SUMS: &str = ".sha256";

/// How the moment stands in the name of a dump.
const MOMENT: &str = "%Y%m%dT%H%M%SZ";

/// How much is read at once.
const CHUNK: usize = 1 << 20;

/// The dumps of one backup.
#[derive(Debug, Clone)]
pub struct Dumps<'a> {
    tool: Tool<'a>,
    is: &'a PgDump,
    database: &'a str,
    folder: PathBuf,
    prefix: String,
    keep: Option<SignedDuration>,
}

impl<'a> Dumps<'a> {
    /// Those of this backup.
    ///
    /// # Errors
    /// When they are not made by drctl, or not kept in a directory.
    pub fn of(
        tool: Tool<'a>,
        (name, backup): (&Name, &'a Backup),
        is: &'a PgDump,
    ) -> Result<Dumps<'a>, ProviderError> {
        let Some(database) = is.database.as_deref() else {
            let why = "the backup does not say its `database`, so somebody else makes it";
            return Err(rejected(LISTING, why));
        };
        let on_disk = |to: &&drctl_core::system::Destination| {
            to.bucket.is_none() && to.path.as_ref().is_some_and(|path| path.starts_with('/'))
        };
        let Some(to) = backup.to.iter().find(on_disk) else {
            let why = "no `to` of the backup has a directory as its `path` (it begins with `/`)";
            return Err(rejected(LISTING, why));
        };
        let folder = PathBuf::from(to.path.as_deref().unwrap_or_default());
        Ok(Dumps { tool, is, database, folder, prefix: slug(name), keep: to.keep.or(is.keep) })
    }

    /// How long one is kept.
    pub fn keep(&self) -> Option<SignedDuration> {
        self.keep
    }

    /// The dumps that there are, the oldest first.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn list(&self) -> Result<Vec<Stored>, ProviderError> {
        let mut found = Vec::new();
        for name in self.names()? {
            let Some(began) = self.moment(&name) else { continue };
            let (path, sums) = (self.folder.join(&name), self.sums(&name));
            let bytes = size(&path).map_err(|e| denied(LISTING, &path, &e))?;
            let summed = fs::metadata(&sums).and_then(|m| m.modified());
            let ended = summed.as_ref().ok().and_then(|at| Timestamp::try_from(*at).ok());
            found.push(Stored {
                id: name,
                made: Made::Dump,
                began,
                ended: ended.unwrap_or(began).max(began),
                bytes: Some(bytes),
                stored_bytes: Some(bytes),
                flaw: summed
                    .is_err()
                    .then(|| format!("`{}` is missing: nobody knows whether it is whole", sums.display())),
                repository: None,
                builds_on: Vec::new(),
            });
        }
        found.sort_by(|a, b| (a.began, &a.id).cmp(&(b.began, &b.id)));
        Ok(found)
    }

    fn names(&self) -> Result<Vec<String>, ProviderError> {
        let unread = |e: io::Error| denied(LISTING, &self.folder, &e);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(unread)? {
            if let Ok(name) = entry.map_err(unread)?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// The moment in the name of one of these dumps; none when it is something else.
    fn moment(&self, name: &str) -> Option<Timestamp> {
        let rest = name.strip_prefix(&self.prefix)?.strip_prefix('-')?;
        let moment = rest.strip_suffix(".dump").or_else(|| rest.strip_suffix(".dir"))?;
        DateTime::strptime(MOMENT, moment).ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
    }

    fn sums(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{SUMS}"))
    }

    fn part(&self, name: &str) -> PathBuf {
        self.folder.join(format!(".{name}.part"))
    }

    /// Makes a dump. Whoever calls it holds the lock of the backup: what an earlier one left unfinished is
    /// removed.
    ///
    /// # Errors
    /// When it was not made; then nothing is left that looks like one.
    pub async fn make(&self, now: Timestamp) -> Result<Stored, ProviderError> {
        self.sweep()?;
        let ending = if self.is.format == DumpFormat::Directory { "dir" } else { "dump" };
        let name = format!("{}-{}.{ending}", self.prefix, now.strftime(MOMENT));
        if self.folder.join(&name).exists() {
            return Err(rejected(MAKING, format!("`{name}` is there already: it was made in this second")));
        }
        let part = self.part(&name);
        let written = self.write(&name, &part).await;
        if written.is_err() {
            // What is left of it says its name; the error before is the one that matters.
            let _gone = remove(&part);
        }
        written?;
        let listed = self.list()?;
        listed
            .into_iter()
            .find(|point| point.id == name)
            .ok_or_else(|| failed(MAKING, format!("`{name}` was written and is not there")))
    }

    async fn write(&self, name: &str, part: &Path) -> Result<(), ProviderError> {
        let broken = |e: io::Error| denied(MAKING, part, &e);
        // It exists for its owner alone before anything is in it.
        let mut words = vec!["pg_dump".to_owned(), format!("--dbname={}", self.database)];
        match self.is.format {
            DumpFormat::Directory => {
                fs::DirBuilder::new().mode(0o700).create(part).map_err(broken)?;
                words.push("--format=directory".to_owned());
                words.extend(self.is.jobs.map(|jobs| format!("--jobs={jobs}")));
            }
            DumpFormat::Custom | DumpFormat::Plain | DumpFormat::Tar => {
                let mut options = OpenOptions::new();
                options.write(true).create_new(true).mode(0o600).open(part).map_err(broken)?;
                words.push("--format=custom".to_owned());
            }
        }
        words.extend(compress(self.is.compress.as_deref()));
        words.extend(["--no-password".to_owned(), format!("--file={}", part.display())]);
        self.tool.run(words).await?;
        let (part, under, name) = (part.to_owned(), self.folder.clone(), name.to_owned());
        let sums = self.sums(&name);
        let finish = move || -> Result<(), (PathBuf, io::Error)> {
            let text = settle(&part, &name).map_err(|e| (part.clone(), e))?;
            let sums_part = under.join(format!(".{name}{SUMS}.part"));
            let sums_written = || {
                let mut options = OpenOptions::new();
                let mut file =
                    options.write(true).create(true).truncate(true).mode(0o600).open(&sums_part)?;
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                fs::rename(&sums_part, &sums)?;
                sync(&under)
            };
            sums_written().map_err(|e| (sums_part.clone(), e))?;
            let last = under.join(&name);
            fs::rename(&part, &last).and_then(|()| sync(&under)).map_err(|e| (last, e))
        };
        match tokio::task::spawn_blocking(finish).await {
            Ok(done) => done.map_err(|(path, e)| denied(MAKING, &path, &e)),
            Err(e) => Err(failed(MAKING, e)),
        }
    }

    /// Removes what was never finished: parts, and checksums of nothing.
    fn sweep(&self) -> Result<(), ProviderError> {
        for name in self.names()? {
            let hidden = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".part"));
            let unfinished =
                hidden.is_some_and(|of| self.moment(of.strip_suffix(SUMS).unwrap_or(of)).is_some());
            let of_nothing = name
                .strip_suffix(SUMS)
                .is_some_and(|of| self.moment(of).is_some() && !self.folder.join(of).exists());
            if unfinished || of_nothing {
                let path = self.folder.join(&name);
                remove(&path).map_err(|e| denied("removing what was never finished", &path, &e))?;
            }
        }
        Ok(())
    }

    /// Removes what is older than it is to be kept, but for the newest whole one; what was removed.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn expire(&self, now: Timestamp) -> Result<Vec<String>, ProviderError> {
        let Some(oldest) = self.keep.and_then(|keep| now.checked_sub(keep).ok()) else {
            return Ok(Vec::new());
        };
        let points = self.list()?;
        let Some(last_good) = points.iter().rev().find(|p| p.flaw.is_none()) else { return Ok(Vec::new()) };
        let mut gone = Vec::new();
        for point in points.iter().filter(|p| p.began < oldest && p.id != last_good.id) {
            let path = self.folder.join(&point.id);
            // Under its name it is whole or not there.
            let part = self.part(&point.id);
            let removed = fs::rename(&path, &part)
                .and_then(|()| remove(&part))
                .and_then(|()| remove(&self.sums(&point.id)));
            removed.map_err(|e| denied("removing a dump that is too old", &path, &e))?;
            gone.push(point.id.clone());
        }
        Ok(gone)
    }

    /// Where the dump is.
    pub fn path(&self, point: &Stored) -> PathBuf {
        self.folder.join(&point.id)
    }

    /// How many things the dump's own list names.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn entries(&self, point: &Stored) -> Result<usize, ProviderError> {
        let words = ["pg_restore".to_owned(), "--list".to_owned(), self.path(point).display().to_string()];
        let said = self.tool.run(words.into()).await?;
        Ok(said.lines().filter(|line| !line.starts_with(';') && !line.trim().is_empty()).count())
    }

    /// Compares every file with its checksum; how many there are.
    ///
    /// # Errors
    /// When one is missing, is not what it was, or cannot be read.
    pub async fn checksums(&self, point: &Stored) -> Result<usize, ProviderError> {
        let (sums, path, name) = (self.sums(&point.id), self.path(point), point.id.clone());
        let compare = move || -> Result<usize, ProviderError> {
            let written = fs::read_to_string(&sums).map_err(|e| denied(CHECKING, &sums, &e))?;
            let is = sums_of(&path, &name).map_err(|e| denied(CHECKING, &path, &e))?;
            let written: Vec<&str> = written.lines().collect();
            let is: Vec<&str> = is.lines().collect();
            match written
                .iter()
                .find(|line| !is.contains(line))
                .or(is.iter().find(|line| !written.contains(line)))
            {
                None => Ok(is.len()),
                Some(line) => {
                    let file = line.split_once("  ").map_or("", |(_, file)| file);
                    Err(failed(
                        CHECKING,
                        format!("`{file}` is not what it was when it was made, or is missing"),
                    ))
                }
            }
        };
        tokio::task::spawn_blocking(compare).await.map_err(|e| failed(CHECKING, e))?
    }
}

/// How the dump is compressed, in the words of `pg_dump`.
fn compress(how: Option<&str>) -> Option<String> {
    let level = match how? {
        "gzip" => return None,
        "none" => "0",
        how => how.strip_prefix("gzip:").unwrap_or(how),
    };
    Some(format!("--compress={level}"))
}

/// The name as a part of the name of a file: nothing in it leads elsewhere, and no two are the same.
fn slug(name: &Name) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let plain: String = name.as_str().chars().map(|c| if fits(c) { c } else { '-' }).collect();
    if plain == name.as_str() {
        return plain;
    }
    let digest = Sha256::digest(name.as_str().as_bytes());
    let short: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{short}", plain.chars().take(100).collect::<String>())
}

/// The files of a dump: it, or what is in it. Sorted.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut all = fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
    all.sort();
    Ok(all)
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

/// The checksums, as `sha256sum --check` reads them.
fn sums_of(path: &Path, name: &str) -> io::Result<String> {
    let is_folder = fs::symlink_metadata(path)?.is_dir();
    let mut text = String::new();
    let mut chunk = vec![0; CHUNK];
    for file in files(path)? {
        let mut digest = Sha256::new();
        let mut open = File::open(&file)?;
        loop {
            match open.read(&mut chunk)? {
                0 => break,
                n => digest.update(&chunk[..n]),
            }
        }
        text.extend(digest.finalize().iter().map(|byte| format!("{byte:02x}")));
        let inside =
            file.file_name().filter(|_| is_folder).map(|inside| inside.to_string_lossy().into_owned());
        let inside = inside.map_or_else(String::new, |inside| format!("/{inside}"));
        text += &format!("  {name}{inside}\n");
    }
    Ok(text)
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

fn denied(doing: &str, path: &Path, why: &io::Error) -> ProviderError {
    let error = failed(doing, format!("`{}`: {why}", path.display()));
    match why.kind() {
        io::ErrorKind::PermissionDenied => ProviderError { class: ErrorClass::Denied, ..error },
        io::ErrorKind::NotFound => ProviderError {
            message: format!("there is no `{}`: make it, or mount what it is on", path.display()),
            class: ErrorClass::NotFound,
            ..error
        },
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ProviderError { message: format!("`{}`: the disk is full", path.display()), ..error }
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_backup_leads_out_of_the_folder_or_to_another_backup() {
        let name = |text: &str| slug(&text.parse().unwrap());
        assert_eq!(name("wal"), "wal");
        let hostile = [r#"x["../../etc"]"#, r#"x["a b"]"#, r#"x["a-b"]"#, r#"x["$(id)"]"#].map(name);
        for slug in &hostile {
            assert!(slug.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{slug}");
        }
        assert!(hostile[1] != hostile[2]);
    }

    #[test]
    fn compression_is_said_in_the_tools_words() {
        let cases = [
            (None, None),
            (Some("gzip"), None),
            (Some("gzip:9"), Some("--compress=9")),
            (Some("none"), Some("--compress=0")),
            (Some("zstd"), Some("--compress=zstd")),
        ];
        for (how, expected) in cases {
            assert_eq!(compress(how).as_deref(), expected);
        }
    }
}
