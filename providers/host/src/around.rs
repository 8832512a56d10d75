//! What surrounds a step: its directory, its variables, and which of their values must not be shown.

use std::collections::BTreeMap;
use std::path::PathBuf;

use drctl_core::provider::{Attempt, ErrorClass, ProviderError};
use drctl_core::recovery::Surroundings;

use crate::Host;
use crate::output::Secrets;
use crate::secret;

/// The variables that every command gets: without them programs are not found, speak no language, know no
/// time zone, write nowhere, reach no agent and trust nobody. None of them holds a secret.
const USUAL: [&str; 18] = [
    "HOME",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "PATH",
    "SHELL",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
];

/// The variable that says under which key the step may be done twice.
const ATTEMPT: &str = "DRCTL_ATTEMPT";

/// What surrounds a step.
pub(crate) struct Around {
    /// Its directory.
    pub(crate) dir: PathBuf,
    /// Its whole environment.
    pub(crate) variables: BTreeMap<String, String>,
    /// What must not be shown: the values of the variables that it names, and what was read before.
    pub(crate) secrets: Secrets,
}

impl Around {
    /// Gathers them, before anything is done. Commands that print a secret are given the rest.
    pub(crate) async fn of(
        host: &Host,
        Surroundings { dir, env, secrets, given }: &Surroundings,
        Attempt(attempt): &Attempt,
        doing: &str,
    ) -> Result<Around, ProviderError> {
        let is_usual = |name: &String| USUAL.contains(&name.as_str()) || name.starts_with("LC_");
        let usual = host.environment.iter().filter(|(name, _)| is_usual(name));
        let mut variables: BTreeMap<String, String> =
            usual.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut hidden = host.known.all();
        let missing: Vec<String> = env
            .iter()
            .filter(|name| !given.contains_key(*name) && !host.environment.contains_key(*name))
            .map(|name| format!("`{name}`"))
            .collect();
        if !missing.is_empty() {
            let are = if missing.len() == 1 { "is" } else { "are" };
            let message = format!("{} {are} not set in the environment of drctl", missing.join(", "));
            return Err(error(doing, ErrorClass::Rejected, message));
        }
        for name in env {
            let Some(value) = host.environment.get(name) else { continue };
            hidden.add(value);
            variables.insert(name.clone(), value.clone());
        }
        variables.extend(given.clone());
        variables.insert(ATTEMPT.to_owned(), attempt.clone());
        let dir = dir.as_ref().map_or_else(|| host.dir.clone(), |dir| host.dir.join(dir));
        // An empty path is no directory to a process.
        let dir = if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir };
        if !dir.is_dir() {
            let message = format!("there is no directory `{}`", dir.display());
            return Err(error(doing, ErrorClass::NotFound, message));
        }
        let mut around = Around { dir, variables, secrets: hidden };
        let mut read = BTreeMap::new();
        for (variable, source) in secrets {
            let value = secret::read(variable, source, &around).await?;
            host.known.add(&value);
            around.secrets.add(&value);
            read.insert(variable.clone(), value);
        }
        around.variables.extend(read);
        Ok(around)
    }
}

/// An error without a code.
pub(crate) fn error(doing: &str, class: ErrorClass, message: String) -> ProviderError {
    ProviderError { doing: doing.to_owned(), class, code: None, message }
}

/// The words of the innermost of an error's sources: of "error sending request", why.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
