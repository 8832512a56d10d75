//! `restic { … }`: what is declared of snapshots of files, and the command that restores one.

use jiff::SignedDuration;

use super::method::{Wanted, words};
use super::step::EnvName;
use crate::schedule::Schedule;
use crate::schema::Invalid;

/// Made by restic: snapshots of files.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Restic::check)]
pub struct Restic {
    /// When one is made.
    pub schedule: Schedule,
    /// How long it takes at most.
    pub takes: Option<SignedDuration>,
    /// How long one is kept.
    pub keep: Option<SignedDuration>,
    /// The repository: a directory, `s3:…`, `sftp:…`. With it drctl knows the commands.
    pub repository: Option<String>,
    /// What is saved: files and directories. With it `drctl backup run` makes the snapshot.
    pub paths: Option<Vec<String>>,
    /// Patterns of what is left out.
    pub exclude: Option<Vec<String>>,
    /// Tags that every snapshot gets, beside `drctl` and the name of the backup.
    pub tags: Option<Vec<String>>,
    /// The file that holds the password of the repository. Else `env` names `RESTIC_PASSWORD`.
    pub password_file: Option<String>,
    /// The variables of the environment that its commands need: `RESTIC_PASSWORD`, `AWS_SECRET_ACCESS_KEY`.
    pub env: Option<Vec<EnvName>>,
    /// The command that restores.
    pub restore: Option<Vec<String>>,
}

impl Restic {
    /// The program and the options that all of its commands begin with; none without a repository.
    pub fn common(&self) -> Option<Vec<String>> {
        let repository = self.repository.as_ref()?;
        let password = self.password_file.iter().map(|file| format!("--password-file={file}"));
        let words =
            ["restic".to_owned(), "--repo".to_owned(), repository.clone()].into_iter().chain(password);
        Some(words.collect())
    }

    fn check(self) -> Result<Restic, Invalid> {
        if self.paths.is_some() && self.repository.is_none() {
            return Err(Invalid::new("needs the `repository` that they are saved to").below("paths"));
        }
        if self.paths.as_ref().is_some_and(Vec::is_empty) {
            return Err(Invalid::new("must name something").below("paths"));
        }
        if self.tags.iter().flatten().any(|tag| tag.is_empty() || tag.contains(',')) {
            return Err(Invalid::new("a tag is not empty and has no comma in it").below("tags"));
        }
        if self.repository.as_ref().is_some_and(|at| at.starts_with("rest:") && at.contains('@')) {
            let wrong = "holds a password: put it into RESTIC_REST_PASSWORD and name that in `env`";
            return Err(Invalid::new(wrong).below("repository"));
        }
        Ok(self)
    }
}

/// The words that restore a snapshot below a directory.
pub(super) fn restore(mut common: Vec<String>, wanted: &Wanted<'_>) -> Option<Vec<String>> {
    let target = format!("--target={}", wanted.into?);
    common.extend(words(&["restore", &target, wanted.id.unwrap_or("${point.id}")]));
    Some(common)
}
