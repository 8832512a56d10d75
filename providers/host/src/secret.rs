//! Reads the secrets of a step when it begins: a file, or what a command prints. Nothing of them is in an
//! error, and what is read is taken out of whatever is said from then on.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::recovery::SecretSource;

use crate::around::{Around, error};
use crate::command::{self, Program};

/// The longest secret: a certificate with its chain and key is shorter.
const MAX_SECRET_BYTES: u64 = 64 << 10;

/// The bits of a file's mode that let others than its owner read or write it.
const OTHERS: u32 = 0o077;

/// Reads the value of the variable.
pub(crate) async fn read(
    variable: &str,
    source: &SecretSource,
    around: &Around,
) -> Result<String, ProviderError> {
    let doing = format!("reading the secret {variable}");
    let rejected = |why: String| error(&doing, ErrorClass::Rejected, why);
    let bytes = match (source, source.command()) {
        (SecretSource::File { path, shared }, _) => {
            let at = around.dir.join(path);
            let file = open(&at, *shared).map_err(|why| rejected(format!("`{path}` {why}")))?;
            let mut bytes = Vec::new();
            let read = file.take(MAX_SECRET_BYTES + 1).read_to_end(&mut bytes);
            read.map_err(|e| rejected(format!("`{path}`: {e}")))?;
            bytes
        }
        (_, Some(words)) => {
            let program = Program::words(&words);
            command::printed(&program, around).await.map_err(|why| ProviderError {
                message: format!("{}: {}", why.doing, why.message),
                doing: doing.clone(),
                ..why
            })?
        }
        (_, None) => Vec::new(),
    };
    if bytes.len() as u64 > MAX_SECRET_BYTES {
        return Err(rejected(format!("it is longer than {} KiB", MAX_SECRET_BYTES >> 10)));
    }
    let text = String::from_utf8(bytes).map_err(|_| rejected("it is not UTF-8".to_owned()))?;
    // As `$(…)` of a shell takes it: editors and `echo` end a file with a line's end.
    match text.trim_end_matches(['\n', '\r']) {
        "" => Err(rejected("it is empty".to_owned())),
        value if value.contains('\0') => Err(rejected("it holds a zero byte, which no variable can".into())),
        value => Ok(value.to_owned()),
    }
}

/// Whether a secret can be read from the file; nothing is read.
///
/// # Errors
/// With what is wrong with it, in words that follow its name.
pub fn usable(path: &Path, shared: bool) -> Result<(), String> {
    open(path, shared).map(|_| ())
}

fn open(path: &Path, shared: bool) -> Result<File, String> {
    // A pipe that nobody writes to would be waited for.
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let opened = File::options().read(true).custom_flags(nonblocking).open(path);
    let file = opened.map_err(|why| match why.kind() {
        std::io::ErrorKind::NotFound => "is not there".to_owned(),
        std::io::ErrorKind::PermissionDenied => "may not be read by drctl".to_owned(),
        _ => format!("cannot be read: {why}"),
    })?;
    // Of what was opened, not of what stands at the path by now.
    let is = file.metadata().map_err(|why| format!("cannot be looked at: {why}"))?;
    let mode = is.permissions().mode() & 0o777;
    if !is.is_file() {
        Err("is no file".to_owned())
    } else if !shared && mode & OTHERS != 0 {
        Err(format!(
            "has mode {mode:o}: others on this machine may read or write it; `chmod 600` it, or say `shared = true`"
        ))
    } else {
        Ok(file)
    }
}
