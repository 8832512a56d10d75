//! `pgbackrest { … }`: what is declared of backups by pgBackRest, and its commands in that tool's own terms.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::method::Wanted;
use super::step::EnvName;
use crate::schedule::Schedule;
use crate::schema::Invalid;

/// Made by pgBackRest: full backups, what changed since, and the log without end. Any instant that the
/// log reaches can be restored, so no more is lost than was not archived yet.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = PgBackRest::check)]
pub struct PgBackRest {
    /// When a full backup is made.
    pub full: Schedule,
    /// When what changed since the full one is saved.
    pub differential: Option<Schedule>,
    /// When what changed since the last one of any type is saved.
    pub incremental: Option<Schedule>,
    /// The longest time until the log is archived: `archive_timeout` of PostgreSQL.
    pub archive_every: SignedDuration,
    /// How long a full backup is kept, and with it what builds on it.
    pub keep_full: Option<SignedDuration>,
    /// How far back any instant can be restored: that long the log is kept.
    pub keep_log: Option<SignedDuration>,
    /// How long a full backup takes at most.
    pub takes: Option<SignedDuration>,
    /// The stanza; with it drctl writes the commands down.
    pub stanza: Option<String>,
    /// The file that pgBackRest is configured by, when it is not the usual one.
    pub config: Option<String>,
    /// Options of pgBackRest that every command is given, by their names: `repo1-path`, `pg1-path`,
    /// `repo1-s3-endpoint`. No secrets: those are in the variables of `env`.
    pub options: Option<BTreeMap<String, String>>,
    /// The variables of the environment that its commands need: `PGBACKREST_REPO1_CIPHER_PASS`.
    pub env: Option<Vec<EnvName>>,
}

/// A command of pgBackRest, which decides on the options that it may be given: it refuses others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Tells what there is.
    Info,
    /// Makes a backup.
    Backup,
    /// Reads everything and compares checksums.
    Verify,
    /// Restores.
    Restore,
    /// Fetches the log, for a server that replays it.
    ArchiveGet,
}

impl Command {
    fn as_str(self) -> &'static str {
        match self {
            Command::Info => "info",
            Command::Backup => "backup",
            Command::Verify => "verify",
            Command::Restore => "restore",
            Command::ArchiveGet => "archive-get",
        }
    }

    /// Whether it may be given the option. Those that are not known here are of making backups.
    fn takes(self, option: &str) -> bool {
        let makes = self == Command::Backup;
        // `repo1-path` without its number.
        let of = |what: &str| {
            let rest = option.strip_prefix(what)?;
            Some(rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches('-'))
        };
        if let Some(of_repository) = of("repo") {
            let making = ["retention", "bundle", "block", "hardlink"];
            return match of_repository {
                name if making.iter().any(|word| name.starts_with(word)) => makes,
                name if name.starts_with("host") => !makes,
                _ => true,
            };
        }
        match (of("pg"), option) {
            (Some("path"), _) => matches!(self, Command::Backup | Command::Restore),
            (Some(_), _) => makes,
            (None, "lock-path") => self != Command::Verify,
            (None, "process-max") => self != Command::Info,
            (None, "tablespace-map-all" | "link-all" | "archive-mode") => self == Command::Restore,
            (
                None,
                "log-path"
                | "log-level-file"
                | "log-level-console"
                | "log-level-stderr"
                | "log-subprocess"
                | "log-timestamp"
                | "io-timeout"
                | "protocol-timeout"
                | "buffer-size"
                | "cmd"
                | "cmd-ssh"
                | "config-path"
                | "config-include-path"
                | "sck-keep-alive"
                | "tcp-keep-alive-idle"
                | "tcp-keep-alive-count"
                | "tcp-keep-alive-interval"
                | "compress-level-network",
            ) => true,
            (None, _) => makes,
        }
    }
}

impl PgBackRest {
    /// The words of a command, which further options may follow; none without a stanza.
    pub fn command(&self, command: Command) -> Option<Vec<String>> {
        let stanza = format!("--stanza={}", self.stanza.as_ref()?);
        let config = self.config.iter().map(|config| format!("--config={config}"));
        let options = self.options.iter().flatten().filter(|(name, _)| command.takes(name));
        let options = options.map(|(name, value)| match value.as_str() {
            "y" => format!("--{name}"),
            "n" => format!("--no-{name}"),
            value => format!("--{name}={value}"),
        });
        let fetch = (command == Command::Restore).then(|| self.fetch()).flatten();
        let fetch = fetch.map(|fetch| format!("--recovery-option=restore_command={fetch}"));
        let words = ["pgbackrest".to_owned(), stanza].into_iter().chain(config).chain(options).chain(fetch);
        Some(words.chain([command.as_str().to_owned()]).collect())
    }

    /// What a restored server fetches its log with. pgBackRest writes that down itself, but for the cipher:
    /// of an encrypted repository that no file configures the log could not be read.
    fn fetch(&self) -> Option<String> {
        let is_cipher = |name: &str| name.starts_with("repo") && name.ends_with("-cipher-type");
        if !self.options.iter().flatten().any(|(name, cipher)| is_cipher(name) && cipher != "none") {
            return None;
        }
        let words = self.command(Command::ArchiveGet)?;
        let (verb, words) = words.split_last()?;
        // A shell reads it, and before that the file of a configuration.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c);
        let is_plain = words.iter().all(|word| word.chars().all(plain));
        is_plain.then(|| format!("{} --pg1-path=\"$PWD\" {verb} %f \"%p\"", words.join(" ")))
    }

    /// What an option is set to.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.as_ref()?.get(name).map(String::as_str)
    }

    /// Where it looks for the data of the server, when that is another directory: there it archives no log and makes
    /// no backup.
    pub(crate) fn looks_elsewhere(&self, data: &str) -> Option<&str> {
        let plain = |path: &'_ str| path.trim_end_matches('/').to_owned();
        self.option("pg1-path").filter(|looks| plain(looks) != plain(data))
    }

    /// What can be told of the options by themselves.
    fn check(self) -> Result<PgBackRest, Invalid> {
        for name in self.options.iter().flatten().map(|(name, _)| name) {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            let wrong = if name.is_empty() || name.starts_with('-') || !name.chars().all(fits) {
                "is no option of pgBackRest: they are written without leading dashes, `repo1-path`"
            } else if ["-pass", "-key", "-key-secret", "-token"].iter().any(|end| name.ends_with(end)) {
                "is a secret: name its variable in `env` (`PGBACKREST_` and the option in capitals, with `_`)"
            } else if ["stanza", "config"].contains(&name.as_str()) {
                "has an attribute of its own"
            } else {
                continue;
            };
            return Err(Invalid::new(format!("`{name}` {wrong}")).below("options"));
        }
        if self.stanza.as_ref().is_some_and(|stanza| stanza.is_empty() || stanza.starts_with('-')) {
            return Err(Invalid::new("is no name of a stanza").below("stanza"));
        }
        Ok(self)
    }
}

/// The words that restore from the log: to that instant, or to its end.
pub(super) fn restore(command: Vec<String>, at: Option<Timestamp>, wanted: &Wanted<'_>) -> Vec<String> {
    let to = at.into_iter().flat_map(|at| {
        let target = format!("--target={}", at.strftime("%Y-%m-%d %H:%M:%S+00"));
        ["--type=time".to_owned(), target, "--target-action=promote".to_owned()]
    });
    placed(command, to.collect(), wanted)
}

/// The words that restore one backup as it was when it was whole.
pub(super) fn restore_base(command: Vec<String>, wanted: &Wanted<'_>) -> Vec<String> {
    let set = wanted.id.map(|id| format!("--set={id}"));
    let to = ["--type=immediate", "--target-action=promote"].map(str::to_owned);
    placed(command, set.into_iter().chain(to).collect(), wanted)
}

/// The command with these options, into its directory and from its repository.
fn placed(mut command: Vec<String>, options: Vec<String>, wanted: &Wanted<'_>) -> Vec<String> {
    let verb = command.pop();
    if let Some(directory) = wanted.into.filter(|into| into.starts_with('/')) {
        // An option that is given twice is refused.
        command.retain(|word| !word.starts_with("--pg1-path="));
        command.push(format!("--pg1-path={directory}"));
    }
    command.extend(wanted.repository.map(|number| format!("--repo={number}")));
    command.extend(options);
    command.extend(verb);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(options: &[(&str, &str)]) -> PgBackRest {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        PgBackRest {
            full: Schedule::Continuous,
            differential: None,
            incremental: None,
            archive_every: SignedDuration::from_mins(1),
            keep_full: None,
            keep_log: None,
            takes: None,
            stanza: Some("main".to_owned()),
            config: None,
            options: Some(options.collect()),
            env: None,
        }
    }

    #[test]
    fn a_restored_server_reads_its_encrypted_log_and_nothing_that_a_shell_would_take_apart_is_written_down() {
        let fetch = |options: &[(&str, &str)]| {
            let words = with(options).command(Command::Restore).unwrap();
            words.into_iter().find(|word| word.starts_with("--recovery-option="))
        };
        let cipher = ("repo1-cipher-type", "aes-256-cbc");
        assert_eq!(
            fetch(&[("pg1-path", "/data"), ("pg1-port", "5999"), ("repo1-retention-full", "2"), cipher])
                .unwrap(),
            "--recovery-option=restore_command=pgbackrest --stanza=main --repo1-cipher-type=aes-256-cbc \
             --pg1-path=\"$PWD\" archive-get %f \"%p\""
        );
        for options in [
            &[("repo1-path", "/r")][..],
            &[("repo1-cipher-type", "none")],
            &[cipher, ("repo1-path", "/a b'%f")],
        ] {
            assert_eq!(fetch(options), None, "{options:?}");
        }
    }
}
