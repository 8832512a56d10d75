//! How far it can be made sure that files come back.

use std::path::Path;

use drctl_core::provider::{Attempt, ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Performer, Surroundings};
use drctl_core::stored::{Level, Stored, Verified};
use drctl_core::system::Backup;
use drctl_host::{Host, Walk};
use tempfile::TempDir;

use crate::restic::{Snapshots, error};

/// What is verified, and with what.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The machine.
    pub host: &'a Host,
    /// The backup.
    pub backup: &'a Backup,
    /// The point; the newest, when nothing is said.
    pub point: Option<&'a str>,
    /// Up to which level.
    pub until: Level,
    /// The folder in which is restored.
    pub scratch: &'a Path,
}

/// Verifies a backup of files. What `verify` blocks `run` is run in the folder that was restored.
pub async fn verify(subject: &Subject<'_>, snapshots: &Snapshots<'_>) -> Verified {
    let mut walk = Walk::until(subject.until);
    walk.prove(Level::Listed, async |verified| listed(&snapshots.list().await?, subject.point, verified))
        .await;
    let Some(point) = walk.verified.point.clone() else { return walk.verified };
    walk.prove(Level::Readable, async |_| {
        let entries = snapshots.entries(&point).await?;
        Ok(format!("{entries} files and directories are in it"))
    })
    .await;
    walk.prove(Level::Checksum, async |_| {
        snapshots.check().await?;
        Ok("all data of the repository is what it was".to_owned())
    })
    .await;
    let mut restored: Option<TempDir> = None;
    walk.prove(Level::Restores, async |_| {
        let scratch = tempfile::Builder::new().prefix("drctl-verify-").tempdir_in(subject.scratch);
        let scratch = scratch.map_err(|e| {
            let message = format!("`{}`: {e}", subject.scratch.display());
            error("making a folder to restore into", ErrorClass::Failed, message)
        })?;
        snapshots.restore(&point, scratch.path()).await?;
        restored = Some(scratch);
        Ok("restored into a fresh directory and compared".to_owned())
    })
    .await;
    if let Some(restored) = &restored {
        questions(&mut walk, subject, restored.path()).await;
    }
    walk.leave_out(Level::Canary, "there is none for files");
    walk.verified
}

async fn questions(walk: &mut Walk, subject: &Subject<'_>, restored: &Path) {
    let commands: Vec<&Vec<String>> = subject.backup.verify.iter().filter_map(|v| v.run.as_ref()).collect();
    if commands.is_empty() {
        walk.leave_out(Level::Queries, "the backup has no `verify` with `run`");
        return;
    }
    walk.prove(Level::Queries, async |_| {
        for words in &commands {
            let dir = Some(restored.display().to_string());
            let surroundings = Surroundings { dir, ..Surroundings::default() };
            let action = Action::Run { words: (*words).clone(), surroundings };
            subject.host.perform(&action, &Attempt("verify".to_owned())).await?;
        }
        Ok(format!("{} ended well on what was restored", commands.len()))
    })
    .await;
}

fn listed(points: &[Stored], wanted: Option<&str>, verified: &mut Verified) -> Result<String, ProviderError> {
    const DOING: &str = "looking for the point";
    let found = match wanted {
        Some(id) => points.iter().find(|point| point.id.starts_with(id) && !id.is_empty()),
        None => points.last(),
    };
    let found = found.ok_or_else(|| match wanted {
        Some(id) => error(DOING, ErrorClass::Rejected, format!("there is no point `{id}`")),
        None => error(DOING, ErrorClass::Failed, "there is no restore point at all"),
    })?;
    verified.point = Some(found.clone());
    Ok(format!("{} of {:.0}, one of {}", found.id, found.began, points.len()))
}
