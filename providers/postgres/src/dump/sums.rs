//! A dump on this machine, and its checksums as `sha256sum --check` reads them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use drctl_core::provider::{ErrorClass, ProviderError};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::CHECKING;
use crate::tool::failed;

/// How much is read at once.
const CHUNK: usize = 1 << 20;

/// A dump on this machine.
#[derive(Debug)]
pub struct Copy {
    path: PathBuf,
    /// Its checksums, where they were taken on its way here.
    sums: Option<String>,
    /// What goes with this.
    _folder: Option<TempDir>,
}

impl Copy {
    /// The dump itself.
    pub(super) fn itself(path: PathBuf) -> Copy {
        Copy { path, sums: None, _folder: None }
    }

    /// What was brought into this folder, which is removed with all that is in it.
    pub(super) fn brought(path: PathBuf, sums: String, folder: TempDir) -> Copy {
        Copy { path, sums: Some(sums), _folder: Some(folder) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Compares every file with what is written of it; how many there are.
    pub(super) async fn compare(&self, written: &str, name: &str) -> Result<usize, ProviderError> {
        if let Some(sums) = &self.sums {
            return compare(written, sums);
        }
        let (written, path, name) = (written.to_owned(), self.path.clone(), name.to_owned());
        let compare = move || {
            let is = sums_of(&path, &name).map_err(|e| denied(CHECKING, &path, &e))?;
            compare(&written, &is)
        };
        tokio::task::spawn_blocking(compare).await.map_err(|e| failed(CHECKING, e))?
    }
}

fn compare(written: &str, is: &str) -> Result<usize, ProviderError> {
    let written: Vec<&str> = written.lines().collect();
    let is: Vec<&str> = is.lines().collect();
    let differs = written
        .iter()
        .find(|line| !is.contains(line))
        .or_else(|| is.iter().find(|line| !written.contains(line)));
    match differs {
        None => Ok(is.len()),
        Some(line) => {
            let file = line.split_once("  ").map_or("", |(_, file)| file);
            let why = format!("`{file}` is not what it was when it was made, or is missing");
            Err(failed(CHECKING, why))
        }
    }
}

/// One of them.
pub(super) fn line(digest: Sha256, file: &str) -> String {
    let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}  {file}\n")
}

/// Those of a dump.
pub(super) fn sums_of(path: &Path, name: &str) -> io::Result<String> {
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
        let inside = file.file_name().filter(|_| is_folder).map(|inside| inside.to_string_lossy());
        let inside = inside.map_or_else(String::new, |inside| format!("/{inside}"));
        text += &line(digest, &format!("{name}{inside}"));
    }
    Ok(text)
}

/// The files of a dump: it, or what is in it. Sorted.
pub(super) fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut all = fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
    all.sort();
    Ok(all)
}

pub(super) fn denied(doing: &str, path: &Path, why: &io::Error) -> ProviderError {
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
