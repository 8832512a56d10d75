//! `pg_dump { … }`: what is declared of dumps, and the command that restores one.

use jiff::SignedDuration;

use super::method::{DumpIn, Wanted, words};
use super::step::EnvName;
use crate::schedule::Schedule;
use crate::schema::Invalid;

crate::words! {
    /// What `pg_dump` writes.
    DumpFormat {
        /// SQL, read by `psql`.
        Plain = "plain",
        /// An archive, read by `pg_restore`.
        Custom = "custom",
        /// A folder, read by `pg_restore`.
        Directory = "directory",
        /// A tape archive, read by `pg_restore`.
        Tar = "tar",
    }
    "one of plain, custom, directory, tar"
}

/// Made by `pg_dump`: the data as it was when the dump began.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = PgDump::check)]
pub struct PgDump {
    /// When one is made.
    pub schedule: Schedule,
    /// What it writes.
    #[attribute(default = DumpFormat::Plain)]
    pub format: DumpFormat,
    /// How it is compressed: `gzip`, `zstd`.
    pub compress: Option<String>,
    /// The checksum that is written beside it: `sha256`.
    pub checksum: Option<String>,
    /// How long it takes at most.
    pub takes: Option<SignedDuration>,
    /// How long one is kept.
    pub keep: Option<SignedDuration>,
    /// The command that lists what there is.
    pub list: Option<Vec<String>>,
    /// The command that restores.
    pub restore: Option<Vec<String>>,
    /// The database, by name or as a connection string without a password. With it `drctl backup run` makes the
    /// dump, in the first `to` that has a `bucket`, or a directory as its `path`.
    pub database: Option<String>,
    /// The variables of the environment that its commands need: `PGPASSWORD`.
    pub env: Option<Vec<EnvName>>,
    /// How many tables are dumped and restored at once; dumped only in the format `directory`.
    pub jobs: Option<u32>,
}

impl PgDump {
    /// Whether drctl makes it.
    pub fn is_made(&self) -> bool {
        self.database.is_some()
    }

    fn check(self) -> Result<PgDump, Invalid> {
        let Some(database) = &self.database else { return Ok(self) };
        if database.trim().is_empty() {
            return Err(Invalid::new("must not be empty").below("database"));
        }
        without_password(database)?;
        if !matches!(self.format, DumpFormat::Custom | DumpFormat::Directory) {
            return Err(
                Invalid::new("must be custom or directory where drctl makes the dump").below("format")
            );
        }
        if self.jobs.is_some_and(|jobs| !(1..=256).contains(&jobs)) {
            return Err(Invalid::new("must be from 1 to 256").below("jobs"));
        }
        Ok(self)
    }
}

/// Refuses a connection string with a password: what is declared is shown.
pub(super) fn without_password(database: &str) -> Result<(), Invalid> {
    let authority = database.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next());
    let user = authority.and_then(|authority| authority.rsplit_once('@'));
    let has_one = user.is_some_and(|(user, _)| user.contains(':'));
    // Blanks may stand around the sign.
    let words: String = database.split_whitespace().collect();
    if has_one || words.contains("password=") {
        let wrong = "holds a password: put it into PGPASSWORD and name that in `env`, or into ~/.pgpass";
        return Err(Invalid::new(wrong).below("database"));
    }
    Ok(())
}

/// The words that restore a dump into a database that is there and empty.
pub(super) fn restore(format: DumpFormat, wanted: &Wanted<'_>) -> Option<Vec<String>> {
    let file = match wanted.place? {
        DumpIn::Directory(path) => {
            let id = wanted.id.unwrap_or("${point.id}");
            Some(format!("{}/{id}", path.trim_end_matches('/')))
        }
        DumpIn::Bucket => None,
    };
    match format {
        DumpFormat::Custom | DumpFormat::Directory | DumpFormat::Tar => {
            let database = format!("--dbname={}", wanted.into?);
            let command = words(&["pg_restore", "--exit-on-error", "--no-owner", &database]);
            Some(command.into_iter().chain(file).collect())
        }
        DumpFormat::Plain => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_refused_in_every_form_and_a_name_is_none() {
        for bad in
            ["postgres://u:p@h/db", "host=h password=x", "host=h password = x", "postgres://h/db?password=x"]
        {
            assert!(without_password(bad).is_err(), "{bad}");
        }
        for good in ["passwords", "postgres://u@h:5432/passwords", "host=/run user=u dbname=password"] {
            assert!(without_password(good).is_ok(), "{good}");
        }
    }
}
