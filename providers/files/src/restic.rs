//! restic: the snapshots of one backup, told from others in the same repository by their tags.

use std::path::Path;

use drctl_core::addr::Name;
use drctl_core::provider::{Attempt, ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Performer, Surroundings};
use drctl_core::stored::{Made, Stored};
use drctl_core::system::Restic;
use drctl_core::value::Value;
use drctl_host::Host;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

const MAKING: &str = "making a snapshot with restic";
const LISTING: &str = "listing the snapshots of restic";

/// The tag that all snapshots of drctl carry.
const TAG: &str = "drctl";

/// The snapshots of one backup.
#[derive(Debug, Clone)]
pub struct Snapshots<'a> {
    host: &'a Host,
    is: &'a Restic,
    tag: String,
    common: Vec<String>,
    attempt: Attempt,
}

#[derive(Deserialize)]
struct Said {
    id: String,
    time: Timestamp,
    #[serde(default)]
    tags: Option<Vec<String>>,
}

/// The last line of what `restic backup --json` says.
#[derive(Deserialize)]
struct Summary {
    snapshot_id: String,
    data_added: u64,
    total_bytes_processed: u64,
}

impl<'a> Snapshots<'a> {
    /// Those of this backup.
    ///
    /// # Errors
    /// When it does not say its repository.
    pub fn of(
        host: &'a Host,
        name: &Name,
        is: &'a Restic,
        attempt: impl Into<String>,
    ) -> Result<Snapshots<'a>, ProviderError> {
        let Some(common) = is.common() else {
            return Err(error(LISTING, ErrorClass::Rejected, "the backup does not say its `repository`"));
        };
        // A tag has no comma in it; a name may.
        let tag = format!("backup={}", name.as_str().replace(',', "%2C"));
        Ok(Snapshots { host, is, tag, common, attempt: Attempt(attempt.into()) })
    }

    async fn run(&self, words: impl IntoIterator<Item = String>) -> Result<String, ProviderError> {
        let env = self.is.env.iter().flatten().map(|name| name.0.clone()).collect();
        let surroundings = Surroundings { env, ..Surroundings::default() };
        let words = self.common.iter().cloned().chain(words).collect();
        let answer = self.host.perform(&Action::Run { words, surroundings }, &self.attempt).await?;
        Ok(answer.value.get("body").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// The snapshots that there are, the oldest first.
    ///
    /// # Errors
    /// When restic cannot be asked or cannot reach its repository.
    pub async fn list(&self) -> Result<Vec<Stored>, ProviderError> {
        let said = self.run(["snapshots", "--json", "--no-lock"].map(str::to_owned)).await?;
        self.read(&said)
    }

    fn read(&self, said: &str) -> Result<Vec<Stored>, ProviderError> {
        let unreadable = |e: serde_json::Error| {
            error(LISTING, ErrorClass::Failed, format!("what it says cannot be read: {e}"))
        };
        let all: Vec<Said> = serde_json::from_str(said.trim()).map_err(unreadable)?;
        // Where drctl makes them, only its own are of this backup; else all are.
        let ours = |tags: &Option<Vec<String>>| {
            self.is.paths.is_none() || tags.iter().flatten().any(|tag| *tag == self.tag)
        };
        let mut points: Vec<Stored> = all
            .into_iter()
            .filter(|said| ours(&said.tags))
            .map(|said| Stored {
                id: said.id,
                made: Made::Snapshot,
                began: said.time,
                ended: said.time,
                bytes: None,
                stored_bytes: None,
                flaw: None,
                repository: None,
                locked_until: None,
                builds_on: Vec::new(),
            })
            .collect();
        points.sort_by(|a, b| (a.began, &a.id).cmp(&(b.began, &b.id)));
        Ok(points)
    }

    /// Makes a snapshot.
    ///
    /// # Errors
    /// When it was not made, or not of everything: what could not be read is missing in it.
    pub async fn make(&self, now: Timestamp) -> Result<Stored, ProviderError> {
        let Some(paths) = &self.is.paths else {
            let why = "the backup does not say the `paths` that are saved, so somebody else makes it";
            return Err(error(MAKING, ErrorClass::Rejected, why));
        };
        // restic leaves out what is not there, and ends well.
        for path in paths {
            let there = self.host.dir.join(path);
            if let Err(why) = std::fs::symlink_metadata(&there) {
                let message = format!("`{}`, which is to be saved: {why}", there.display());
                return Err(error(MAKING, ErrorClass::NotFound, message));
            }
        }
        let mut words = ["backup", "--json", "--tag", TAG, "--tag"].map(str::to_owned).to_vec();
        words.push(self.tag.clone());
        words.extend(self.is.tags.iter().flatten().map(|tag| format!("--tag={tag}")));
        words.extend(self.is.exclude.iter().flatten().map(|pattern| format!("--exclude={pattern}")));
        words.push("--".to_owned());
        words.extend(paths.iter().cloned());
        let said = self.run(words).await?;
        let summary = said.lines().rev().find_map(|line| serde_json::from_str::<Summary>(line).ok());
        let Some(summary) = summary else {
            return Err(error(MAKING, ErrorClass::Failed, "it has not said that a snapshot was saved"));
        };
        let listed = self.list().await?;
        let made = listed.into_iter().rev().find(|point| point.id.starts_with(&summary.snapshot_id));
        let made = made.ok_or_else(|| {
            error(
                MAKING,
                ErrorClass::Failed,
                format!("snapshot {} is not in the repository", summary.snapshot_id),
            )
        })?;
        Ok(Stored {
            bytes: Some(summary.total_bytes_processed),
            stored_bytes: Some(summary.data_added),
            ended: made.ended.max(now),
            ..made
        })
    }

    /// Has restic forget what is older than it is to be kept, but for the newest. Only snapshots of this
    /// backup are looked at.
    ///
    /// # Errors
    /// When restic refuses.
    pub async fn expire(&self, keep: SignedDuration) -> Result<(), ProviderError> {
        let hours = (keep.as_secs() + 3_599) / 3_600;
        let within = format!("--keep-within={}d{}h", hours / 24, hours % 24);
        let words = ["forget", "--prune", "--keep-last=1", "--group-by=", "--tag"].map(str::to_owned);
        self.run(words.into_iter().chain([self.tag.clone(), within])).await.map(drop)
    }

    /// Has restic read the snapshot's tree: how many files and directories are in it.
    pub(crate) async fn entries(&self, point: &Stored) -> Result<usize, ProviderError> {
        let said = self.run(["ls", "--json", "--no-lock", &point.id].map(str::to_owned)).await?;
        Ok(said.lines().count().saturating_sub(1))
    }

    /// Has restic read all data and compare it with its checksums.
    pub(crate) async fn check(&self) -> Result<(), ProviderError> {
        self.run(["check", "--read-data", "--no-lock"].map(str::to_owned)).await.map(drop)
    }

    /// Restores a snapshot below a folder, and has restic compare what was written.
    ///
    /// # Errors
    /// When it was not restored wholly.
    pub async fn restore(&self, point: &Stored, folder: &Path) -> Result<(), ProviderError> {
        let target = format!("--target={}", folder.display());
        let words =
            ["restore".to_owned(), "--verify".to_owned(), "--no-lock".to_owned(), target, point.id.clone()];
        self.run(words).await.map(drop)
    }
}

pub(crate) fn error(doing: &str, class: ErrorClass, message: impl Into<String>) -> ProviderError {
    ProviderError { doing: doing.to_owned(), class, code: None, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_snapshots_of_this_backup_are_its_points() {
        let host = Host::default();
        let is = Restic {
            schedule: drctl_core::schedule::Schedule::Continuous,
            takes: None,
            keep: None,
            repository: Some("/repo".to_owned()),
            paths: Some(vec!["/etc".to_owned()]),
            exclude: None,
            tags: None,
            password_file: None,
            env: None,
            restore: None,
        };
        let name: Name = r#"files["a,b"]"#.parse().unwrap();
        let snapshots = Snapshots::of(&host, &name, &is, "t").unwrap();
        let said = r#"[
            {"id":"b","time":"2026-11-21T20:56:14.69+01:00","tags":["drctl","backup=files[\"a%2Cb\"]"]},
            {"id":"a","time":"2026-11-20T20:56:14Z","tags":["backup=files[\"a%2Cb\"]"]},
            {"id":"c","time":"2026-11-21T20:56:14Z","tags":["drctl","backup=other"]},
            {"id":"d","time":"2026-11-21T20:56:14Z"}]"#;
        let ids: Vec<String> = snapshots.read(said).unwrap().into_iter().map(|p| p.id).collect();
        assert_eq!(ids, ["a", "b"]);
        assert!(snapshots.read("Fatal: wrong password").is_err());
        let all = Restic { paths: None, ..is };
        let all = Snapshots::of(&host, &name, &all, "t").unwrap();
        assert_eq!(all.read(said).unwrap().len(), 4);
    }
}
