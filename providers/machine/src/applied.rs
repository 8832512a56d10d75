//! What was applied of a managed backup and stands in no file of its tool: how dumps are made, how long they and
//! snapshots are kept. `drctl apply` writes it down on the machine, and `drctl backup run` keeps to it.

use std::collections::BTreeMap;
use std::path::Path;

use drctl_core::Attributes;
use drctl_core::addr::Name;
use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::schema::{AttributeType, Attributes as _, Invalid};
use drctl_core::system::{Backup, Destination, DumpFormat, LockMode};
use drctl_core::value::Value;

use crate::port::{Access, Answer, Cloud, error};
use crate::values::{AbsolutePath, Checksum, Keep, Line, LockFor};

/// Where it is written down, unless the provider block says another directory.
pub(crate) const DIRECTORY: &str = "/var/lib/drctl";

/// What `pg_dump` does when nothing is said.
const COMPRESSION: &str = "gzip";

/// The name that the mark of a file has, and the mark.
const ABOUT: &str = "about";
const MARK: &str = "what was applied of a backup: drctl backup run keeps to it, drctl apply undoes changes";

/// What was applied of a backup, or would be.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Applied {
    /// Where its dumps go.
    pub to: Option<Line>,
    /// What `pg_dump` writes.
    pub format: Option<DumpFormat>,
    /// How it is compressed.
    pub compress: Option<Line>,
    /// The checksums that are written beside it.
    pub checksum: Option<Checksum>,
    /// How long it is kept.
    pub keep: Option<Keep>,
    /// For how long nobody can delete it.
    pub lock: Option<LockFor>,
}

/// The file in which it stands what was applied of the backup of that name, by what its provider block says.
///
/// # Errors
/// When the directory is none.
pub fn path(settings: &BTreeMap<String, Value>, name: &Name) -> Result<String, Invalid> {
    let directory = settings.get("applied_directory").and_then(Value::as_str).unwrap_or(DIRECTORY);
    let directory = AbsolutePath::from_value(Value::from(directory))?;
    Ok(format!("{}/{}.applied.json", directory.as_str().trim_end_matches('/'), name.file_name()))
}

/// Where dumps go, in words: a directory, or a bucket with what keys begin with.
fn place(to: &Destination) -> String {
    match (to.directory(), &to.bucket) {
        (None, Some(bucket)) => format!("{}/{}", bucket.0, to.prefix()),
        (directory, _) => directory.unwrap_or_default().to_owned(),
    }
}

fn keep_of(backup: &Backup) -> Keep {
    let of_dumps = backup.pg_dump.as_ref().map(|is| backup.dumped_to().and_then(|to| to.keep).or(is.keep));
    let of_files = || backup.restic.as_ref().and_then(|is| is.keep);
    of_dumps.unwrap_or_else(of_files).map_or(Keep::ForEver, Keep::For)
}

fn lock_of(to: &Destination) -> LockFor {
    let mode = to.lock_mode.unwrap_or(LockMode::Compliance);
    to.lock.map_or(LockFor::Not, |length| LockFor::For(mode, length))
}

impl Applied {
    /// What there is to apply of a backup; none where drctl does not make it.
    pub fn of(backup: &Backup) -> Option<Applied> {
        let keep = Some(keep_of(backup));
        if let Some(is) = backup.pg_dump.as_ref().filter(|is| is.is_made()) {
            let to = backup.dumped_to()?;
            return Some(Applied {
                to: Some(Line::observed(place(to))),
                format: Some(is.format),
                compress: Some(Line::observed(is.compress.as_deref().unwrap_or(COMPRESSION))),
                checksum: Some(Checksum::Sha256),
                keep,
                lock: to.bucket.is_some().then(|| lock_of(to)),
            });
        }
        let is_made = backup.restic.as_ref().is_some_and(|is| is.repository.is_some() && is.paths.is_some());
        is_made.then(|| Applied { keep, ..Applied::default() })
    }

    /// The directory that dumps go to, where it is one.
    pub(crate) fn directory(&self) -> Option<&Path> {
        self.to.as_ref().map(Line::as_str).filter(|to| to.starts_with('/')).map(Path::new)
    }

    fn text(&self) -> String {
        let values = self.to_values().into_iter().map(|(name, value)| (name, value.to_json()));
        let marked = values.chain([(ABOUT.to_owned(), serde_json::Value::from(MARK))]);
        let object: serde_json::Map<_, _> = marked.collect();
        format!("{:#}\n", serde_json::Value::Object(object))
    }

    fn parse(text: &str) -> Result<Applied, String> {
        let json = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let Some(Value::Object(mut values)) = Value::from_json(&json) else {
            return Err("it is no object of JSON".to_owned());
        };
        match values.remove(ABOUT).as_ref().and_then(Value::as_str) {
            Some(MARK) => {}
            Some(_) | None => return Err("it is not of drctl, and is left alone".to_owned()),
        }
        let told = |wrong: Invalid| match wrong.path.as_slice() {
            [] => wrong.message,
            path => format!("`{}` {}", path.join("."), wrong.message),
        };
        Applied::from_values(values).map_err(told)
    }
}

/// What was applied, as it stands in that file; none when there is none.
///
/// # Errors
/// When nobody can tell: it may not be read, or makes no sense.
pub async fn read(cloud: &Cloud, file: &str) -> Answer<Option<Applied>> {
    let Some(found) = cloud.read(Path::new(file)).await? else { return Ok(None) };
    let malformed = |why: String| {
        let message = format!("{why}; where nobody needs it, remove it and `drctl apply` writes it anew");
        error(format!("reading `{file}`"), ErrorClass::Malformed, message)
    };
    Applied::parse(&found.text).map(Some).map_err(malformed)
}

/// Writes it down. A file that is not of drctl is left alone.
pub(crate) async fn write(cloud: &Cloud, file: &str, applied: &Applied) -> Answer<()> {
    if read(cloud, file).await?.as_ref() == Some(applied) {
        return Ok(());
    }
    // Whoever makes the backup reads it, and need not be who applies.
    let access = Access { mode: 0o644, group_of: None };
    cloud.write(Path::new(file), &applied.text(), &access).await
}

/// Removes the file, if it is of drctl.
pub(crate) async fn remove(cloud: &Cloud, file: &str) -> Answer<()> {
    match read(cloud, file).await? {
        Some(_) => cloud.remove(Path::new(file)).await,
        None => Ok(()),
    }
}

/// A managed backup as it is made: as it was applied, and nothing is removed earlier or locked for less than
/// either says. Beside it, what is written and not applied.
pub fn made(backup: &Backup, applied: Result<Option<Applied>, ProviderError>) -> (Backup, Vec<String>) {
    let mut is = backup.clone();
    let Some(written) = Applied::of(backup) else { return (is, Vec::new()) };
    let applied = match applied {
        Ok(Some(applied)) => applied,
        Ok(None) => {
            keep(&mut is, Keep::ForEver);
            return (
                is,
                vec!["it was not applied yet (`drctl apply`), so nothing old is removed".to_owned()],
            );
        }
        Err(why) => {
            keep(&mut is, Keep::ForEver);
            return (is, vec![format!("nobody can tell what was applied, so nothing old is removed: {why}")]);
        }
    };
    let (was, shall) = (applied.to_values(), written.to_values());
    let differing = |name: &&'static str| was.get(*name) != shall.get(*name);
    let shown = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("nothing").to_owned();
    let told = Applied::ATTRIBUTES.iter().map(|row| row.name).filter(differing).map(|name| {
        let (was, shall) = (shown(was.get(name)), shown(shall.get(name)));
        format!("`{name}` was applied as {was} and is written as {shall}: `drctl apply` makes it so")
    });
    let told = told.collect();
    keep(&mut is, keep_of(backup).max(applied.keep.unwrap_or(Keep::ForEver)));
    // Elsewhere it is as it is written: what was applied is of another place.
    if applied.to == written.to {
        lock(&mut is, applied.lock.unwrap_or(LockFor::Not));
        if let Some(dump) = &mut is.pg_dump {
            dump.format = applied.format.unwrap_or(dump.format);
            dump.compress = applied.compress.map(|how| how.as_str().to_owned()).or(dump.compress.take());
        }
    }
    (is, told)
}

/// The place that its dumps go to.
fn place_of(backup: &mut Backup) -> Option<&mut Destination> {
    let name = backup.dumped_to()?.name.clone();
    backup.to.iter_mut().find(|to| to.name == name)
}

fn keep(backup: &mut Backup, keep: Keep) {
    let keep = match keep {
        Keep::For(length) => Some(length),
        Keep::ForEver => None,
    };
    if let Some(to) = place_of(backup) {
        to.keep = None;
    }
    if let Some(is) = &mut backup.pg_dump {
        is.keep = keep;
    }
    if let Some(is) = &mut backup.restic {
        is.keep = keep;
    }
}

/// Locks for as long as either says, for everybody where either does.
fn lock(backup: &mut Backup, applied: LockFor) {
    let Some(to) = place_of(backup) else { return };
    if let LockFor::For(mode, length) = lock_of(to).stronger(applied) {
        (to.lock, to.lock_mode) = (Some(length), Some(mode));
    }
}

#[cfg(test)]
mod tests {
    use drctl_core::provider::Registry;
    use drctl_core::span::SourceMap;

    use super::*;

    fn backup(body: &str) -> Backup {
        let mut sources = SourceMap::default();
        let blocks = "resource \"b\" \"dumps\" {\n}\ndatastore \"d\" {\n}\n";
        sources.add("main.dr.hcl", format!("{blocks}backup \"x\" {{\n of = datastore.d\n {body}\n}}\n"));
        let (config, _) = drctl_core::config::load(&sources, &Registry { providers: &[] });
        let (system, diags) = drctl_core::plan::system(&config, &BTreeMap::new());
        system.backups.into_values().next().unwrap_or_else(|| panic!("{diags:?}")).is
    }

    fn dumps(how: &str, to: &str) -> Backup {
        let how = format!("pg_dump {{\n schedule = rate(\"1d\")\n database = \"shop\"\n {how}\n}}");
        backup(&format!("{how}\nto \"a\" {{\n {to}\n}}"))
    }

    fn custom(keep: &str, to: &str) -> Backup {
        let keep = if keep.is_empty() { String::new() } else { format!("keep = \"{keep}\"") };
        dumps(&format!("format = \"custom\"\n{keep}"), to)
    }

    fn read(text: &str) -> Result<Option<Applied>, ProviderError> {
        Applied::parse(text).map(Some).map_err(|why| error("reading", ErrorClass::Malformed, why))
    }

    /// What is applied and then written otherwise: how long dumps are kept by it, and what is told.
    fn after(applied: &Backup, written: &Backup) -> (Backup, Vec<String>) {
        made(written, read(&Applied::of(applied).unwrap().text()))
    }

    #[test]
    fn nothing_is_removed_earlier_than_either_says() {
        for (applied, written, keep) in [
            ("30d", "7d", "30d"),
            ("7d", "30d", "30d"),
            ("30d", "30d", "30d"),
            ("", "7d", "for ever"),
            ("7d", "", "for ever"),
        ] {
            let to = "path = \"/srv/dumps\"";
            let (is, told) = after(&custom(applied, to), &custom(written, to));
            assert_eq!(keep_of(&is).to_string(), keep, "{applied} and {written}");
            assert_eq!(told.is_empty(), applied == written, "{told:?}");
        }
        // Where the place says it, that counts.
        let there = |keep: &str| custom("90d", &format!("path = \"/srv/dumps\"\nkeep = \"{keep}\""));
        assert_eq!(keep_of(&after(&there("30d"), &there("7d")).0), keep_of(&custom("30d", "path = \"/x\"")));
        let files = |keep: &str| {
            let how = "schedule = rate(\"1d\")\nrepository = \"/r\"\npaths = [\"/etc\"]";
            backup(&format!("restic {{\n{how}\nkeep = \"{keep}\"\n}}"))
        };
        assert_eq!(after(&files("90d"), &files("1d")).0, files("90d"));
    }

    #[test]
    fn what_was_not_applied_or_cannot_be_read_removes_nothing_and_is_told() {
        let written = custom("7d", "path = \"/srv/dumps\"");
        for unknown in [Ok(None), read("{}"), read(r#"{"keep": "1d"}"#)] {
            let (is, told) = made(&written, unknown);
            assert_eq!((keep_of(&is), told.len()), (Keep::ForEver, 1));
            assert!(told[0].contains("nothing old is removed"), "{told:?}");
        }
        // What somebody else makes is not drctl's to hold to anything.
        let external = backup("external {\n schedule = rate(\"1d\")\n}");
        assert_eq!(made(&external, Ok(None)), (external, Vec::new()));
    }

    #[test]
    fn no_dump_is_locked_for_less_than_either_says() {
        let locked = |lock: &str| custom("30d", &format!("bucket = b.dumps\npath = \"nightly/\"\n{lock}"));
        let lock = |is: &Backup| lock_of(is.dumped_to().unwrap()).to_string();
        let (long, short) = (locked("lock = \"30d\""), locked("lock = \"7d\"\nlock_mode = \"governance\""));
        for (applied, written, is) in [
            (&long, &short, "compliance for 30d"),
            (&short, &long, "compliance for 30d"),
            (&long, &locked(""), "compliance for 30d"),
            (&locked(""), &short, "governance for 7d"),
            (&locked(""), &locked(""), "none"),
        ] {
            assert_eq!(lock(&after(applied, written).0), is);
        }
        // Of another place nothing was applied.
        let elsewhere = custom("30d", "bucket = b.dumps\npath = \"other/\"");
        assert_eq!(lock(&after(&long, &elsewhere).0), "none");
    }

    #[test]
    fn a_dump_is_made_as_was_applied_unless_it_goes_elsewhere() {
        let to = "path = \"/srv/dumps\"";
        let (applied, written) = (custom("", to), dumps("format = \"directory\"\ncompress = \"zstd\"", to));
        let (is, told) = after(&applied, &written);
        let dump = is.pg_dump.unwrap();
        assert_eq!((dump.format, dump.compress.as_deref()), (DumpFormat::Custom, Some("gzip")));
        assert_eq!(
            told,
            [
                "`format` was applied as custom and is written as directory: `drctl apply` makes it so",
                "`compress` was applied as gzip and is written as zstd: `drctl apply` makes it so",
            ]
        );
        let moved = dumps("format = \"directory\"", "path = \"/srv/other\"");
        assert_eq!(after(&applied, &moved).0.pg_dump.unwrap().format, DumpFormat::Directory);
    }

    #[test]
    fn what_is_written_down_is_read_again() {
        let to = "bucket = b.dumps\npath = \"nightly/\"\nlock = \"30d\"";
        let applied = Applied::of(&custom("60d", to)).unwrap();
        assert_eq!(Applied::parse(&applied.text()), Ok(applied.clone()));
        assert_eq!(applied.to.unwrap().as_str(), "b.dumps/nightly/");
    }
}
