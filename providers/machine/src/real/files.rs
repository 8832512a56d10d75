//! Files of the machine: read whole within a bound, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use drctl_core::provider::{ErrorClass, ProviderError};

use crate::port::{Answer, Text, error};

/// How long a file may be: configurations are a few hundred lines.
const MAX_BYTES: u64 = 1 << 20;

fn failed(doing: &str, path: &Path, why: &io::Error) -> ProviderError {
    let class = match why.kind() {
        io::ErrorKind::PermissionDenied => ErrorClass::Denied,
        io::ErrorKind::NotFound => ErrorClass::NotFound,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::ReadOnlyFilesystem => {
            ErrorClass::Unavailable
        }
        _ => ErrorClass::Failed,
    };
    error(format!("{doing} `{}`", path.display()), class, why.to_string())
}

pub(super) fn read(path: &Path) -> Answer<Option<Text>> {
    let wrong = |why: io::Error| failed("reading", path, &why);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(wrong(why)),
    };
    let mode = file.metadata().map_err(wrong)?.mode() & 0o7777;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(wrong)?;
    let malformed = |why: &str| error(format!("reading `{}`", path.display()), ErrorClass::Malformed, why);
    if bytes.len() as u64 > MAX_BYTES {
        return Err(malformed("it is longer than 1 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
    Ok(Some(Text { text, mode }))
}

pub(super) fn list(folder: &Path) -> Answer<Vec<String>> {
    let wrong = |why: io::Error| failed("listing", folder, &why);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(wrong(why)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(wrong)?;
        // A name that is no text is none that drctl gives.
        if let Ok(name) = entry.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

pub(super) fn folder(path: &Path) -> Answer<Option<u32>> {
    match fs::metadata(path) {
        Ok(is) if is.is_dir() => Ok(Some(is.mode() & 0o7777)),
        Ok(_) => {
            let doing = format!("looking at `{}`", path.display());
            Err(error(doing, ErrorClass::Rejected, "it is no directory"))
        }
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(failed("looking at", path, &why)),
    }
}

/// Makes one for its owner alone, by user and group. What leads to it anybody may pass.
pub(super) fn make_folder(path: &Path, owner: Option<(u32, u32)>) -> Answer<()> {
    if folder(path)?.is_some() {
        return Ok(());
    }
    let make = || -> io::Result<()> {
        if let Some(above) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o755).create(above)?;
        }
        fs::DirBuilder::new().mode(0o700).create(path)?;
        if let Some((user, group)) = owner {
            chown(path, Some(user), Some(group))?;
        }
        File::open(path.parent().unwrap_or(path))?.sync_all()
    };
    make().map_err(|why| failed("making", path, &why))
}

/// Writes beside, syncs, and puts in place in one move. A link stays one: what it leads to is written.
pub(super) fn write(path: &Path, text: &str, mode: u32, group: Option<u32>) -> Answer<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let wrong = |why: io::Error| failed("writing", &path, &why);
    let before = match fs::metadata(&path) {
        Ok(before) => Some(before),
        Err(why) if why.kind() == io::ErrorKind::NotFound => None,
        Err(why) => return Err(wrong(why)),
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("/"));
    fs::DirBuilder::new().recursive(true).mode(0o755).create(folder).map_err(wrong)?;
    let beside = Beside::new(&path)?;
    let put = || -> io::Result<()> {
        let mut file = &beside.file;
        file.write_all(text.as_bytes())?;
        match &before {
            // What was there belonged to somebody: it still does.
            Some(before) => {
                let own = file.metadata()?;
                if (own.uid(), own.gid()) != (before.uid(), before.gid()) {
                    chown(&beside.path, Some(before.uid()), Some(before.gid()))?;
                }
                file.set_permissions(fs::Permissions::from_mode(before.mode() & mode))?;
            }
            None => {
                chown(&beside.path, None, group)?;
                file.set_permissions(fs::Permissions::from_mode(mode))?;
            }
        }
        file.sync_all()?;
        fs::rename(&beside.path, &path)?;
        File::open(folder)?.sync_all()
    };
    put().map_err(wrong)
}

/// A file beside the one that is written; gone when it was not put in place.
struct Beside {
    path: PathBuf,
    file: File,
}

impl Beside {
    fn new(path: &Path) -> Answer<Beside> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        // Neither cron nor systemd reads a file of such a name.
        name.push(format!(".drctl-{}~", std::process::id()));
        let beside = path.with_file_name(name);
        // One that is left from a crash is of the same process number by chance only.
        let _ = fs::remove_file(&beside);
        let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
        let file = made.map_err(|why| failed("writing", &beside, &why))?;
        Ok(Beside { path: beside, file })
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After the move it is not there any more.
        let _ = fs::remove_file(&self.path);
    }
}

pub(super) fn remove(path: &Path) -> Answer<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(why) => Err(failed("removing", path, &why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_file_is_made_with_its_mode_and_keeps_a_stricter_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/conf");
        write(&path, "a", 0o640, None).unwrap();
        assert_eq!((read(&path).unwrap().unwrap().text.as_str(), mode(&path)), ("a", 0o640));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        write(&path, "b", 0o640, None).unwrap();
        assert_eq!(mode(&path), 0o640, "what is not granted is taken away");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        write(&path, "c", 0o640, None).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(list(path.parent().unwrap()).unwrap(), ["conf"], "nothing is left beside it");
    }

    #[test]
    fn a_folder_is_made_for_its_owner_alone_and_one_that_is_there_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("above/dumps");
        assert_eq!(folder(&path).unwrap(), None);
        make_folder(&path, None).unwrap();
        assert_eq!(folder(&path).unwrap(), Some(0o700));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        make_folder(&path, None).unwrap();
        assert_eq!(folder(&path).unwrap(), Some(0o750));
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(folder(&file).unwrap_err().class, ErrorClass::Rejected);
        assert!(make_folder(&file, None).is_err() && make_folder(&file.join("x"), None).is_err());
    }

    #[test]
    fn a_link_stays_one() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        write(&target, "a", 0o600, None).unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write(&link, "b", 0o600, None).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(read(&target).unwrap().unwrap().text, "b");
    }

    #[test]
    fn what_cannot_be_read_is_not_absent() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(&dir.path().join("nothing")).unwrap(), None);
        assert!(read(dir.path()).is_err());
        let bytes = dir.path().join("bytes");
        fs::write(&bytes, [0xff, 0xfe]).unwrap();
        assert_eq!(read(&bytes).unwrap_err().class, ErrorClass::Malformed);
        assert!(list(&bytes).is_err());
        assert_eq!(list(&dir.path().join("nothing")).unwrap(), Vec::<String>::new());
    }
}
