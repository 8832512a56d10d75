//! From a directory to sources: every `*.dr.hcl` in it, in the order of their names. What cannot be
//! read is a diagnostic; the other files are read all the same.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use drctl_core::codes::Code;
use drctl_core::diag::{Diagnostic, Diagnostics};
use drctl_core::span::SourceMap;

/// Largest file that is read, in bytes: far beyond what people or generators write.
pub(crate) const MAX_FILE_BYTES: u64 = 16 << 20;
/// What configuration files end with.
const SUFFIX: &str = ".dr.hcl";

/// Reads the configuration files of a directory.
pub(crate) fn directory(dir: &Path) -> (SourceMap, Diagnostics) {
    let mut sources = SourceMap::default();
    let mut diagnostics = Diagnostics::default();
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let names = match names(dir) {
        Ok(names) => names,
        Err(error) => {
            diagnostics.push(unreadable(&dir.display().to_string(), &error));
            return (sources, diagnostics);
        }
    };
    if names.is_empty() {
        diagnostics.push(
            Diagnostic::error_nowhere(
                Code::NoConfiguration,
                format!("There is no configuration in `{}`", dir.display()),
            )
            .help(format!(
                "Configuration files end with `{SUFFIX}`. Use `-C DIR` to work in another directory."
            )),
        );
    }
    for name in names {
        match text(&dir.join(&name), &name, MAX_FILE_BYTES) {
            Ok(text) => {
                sources.add(name, text);
            }
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    (sources, diagnostics)
}

/// The names of the configuration files, sorted. A name that is no text cannot be shown or sorted
/// the same everywhere and is given as it reads.
fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let hidden = name.as_encoded_bytes().starts_with(b".");
        if name.as_encoded_bytes().ends_with(SUFFIX.as_bytes()) && !hidden {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The text of one file, or why it cannot be read.
pub(crate) fn text(path: &Path, name: &str, limit: u64) -> Result<String, Box<Diagnostic>> {
    let bytes = bytes(path, name, limit)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
        Box::new(
            Diagnostic::error_nowhere(
                Code::NotUtf8,
                format!("`{name}` is not UTF-8: byte {at}, in line {line}, belongs to no character"),
            )
            .help("Save the file as UTF-8, or rename it if it is no configuration."),
        )
    })
}

fn bytes(path: &Path, name: &str, limit: u64) -> Result<Vec<u8>, Box<Diagnostic>> {
    let failed = |error: io::Error| Box::new(unreadable(name, &error));
    // A pipe or device would wait for ever: only plain files are opened.
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::other("it is no plain file")));
    }
    let mut bytes = Vec::with_capacity(metadata.len().min(limit) as usize);
    let file = fs::File::open(path).map_err(failed)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        let headline = format!("`{name}` is larger than {} MiB", limit >> 20);
        return Err(Box::new(
            Diagnostic::error_nowhere(Code::FileTooLarge, headline)
                .help("Split it into several files: all of a directory are read as one."),
        ));
    }
    Ok(bytes)
}

/// A file or directory that cannot be read.
pub(crate) fn unreadable(name: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::error_nowhere(Code::Unreadable, format!("`{name}` cannot be read: {error}"))
        .help("Check that it exists, that you may read it, and that no link in its path is broken.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headlines(dir: &Path) -> (Vec<String>, Vec<String>) {
        let (sources, diagnostics) = directory(dir);
        let names = sources.iter().map(|(_, f)| f.name.clone()).collect();
        (names, diagnostics.iter().map(|d| format!("{} {}", d.code, d.headline)).collect())
    }

    #[test]
    fn files_are_read_in_the_order_of_their_names_and_bad_ones_reported() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
        put("b.dr.hcl", b"");
        put("a.dr.hcl", b"x = 1\n");
        put("other.hcl", b"");
        put(".hidden.dr.hcl", b"");
        put("latin.dr.hcl", b"ok\n\xe9");
        fs::create_dir(dir.path().join("dir.dr.hcl")).unwrap();
        fs::File::create(dir.path().join("big.dr.hcl")).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("loop.dr.hcl", dir.path().join("loop.dr.hcl")).unwrap();
        let (names, diagnostics) = headlines(dir.path());
        assert_eq!(names, ["a.dr.hcl", "b.dr.hcl"]);
        assert_eq!(diagnostics.len(), 4);
        assert_eq!(diagnostics[0], "DR701 `big.dr.hcl` is larger than 16 MiB");
        assert_eq!(diagnostics[1], "DR700 `dir.dr.hcl` cannot be read: it is no plain file");
        assert_eq!(
            diagnostics[2],
            "DR702 `latin.dr.hcl` is not UTF-8: byte 3, in line 2, belongs to no character"
        );
        assert!(diagnostics[3].starts_with("DR700 `loop.dr.hcl` cannot be read: "), "{}", diagnostics[3]);
    }

    #[test]
    fn a_directory_without_configuration_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(headlines(dir.path()).1[0].starts_with("DR703 There is no configuration"));
        assert!(headlines(&dir.path().join("none")).1[0].starts_with("DR700 "));
    }
}
