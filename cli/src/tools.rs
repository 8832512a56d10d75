//! The tools that make backups, each as its backup declares it: what is in their repositories, making one more,
//! and proving that one can come back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use drctl_core::addr::Name;
use drctl_core::provider::{Attempt, BoxFuture, ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Answer, InBucket, Performer, Surroundings};
use drctl_core::stored::{Level, Made, Stored, Verified, due};
use drctl_core::system::{Backup, PgBackRest, PgDump};
use drctl_engine::connect::Connections;
use drctl_files::Snapshots;
use drctl_host::Host;
use drctl_postgres::{Dumps, Expired, Tool};
use jiff::Timestamp;

use crate::depots::{self, Depots};
use crate::project::Project;
use crate::ui::Ui;

/// How long a repository may take to say what is in it.
const LIST_WITHIN: Duration = Duration::from_secs(30);

/// How long an interrupted run may take to throw away what it had begun.
const SWEEP_WITHIN: Duration = Duration::from_secs(10);

/// What the tools of backups need.
pub(crate) struct Around {
    /// The machine.
    pub(crate) host: Host,
    /// The buckets.
    pub(crate) depots: Depots,
}

/// This machine, as the commands of backups see it.
pub(crate) fn host(project: &Project, ui: &Ui) -> Host {
    let dir = if project.dir.as_os_str().is_empty() { Path::new(".") } else { project.dir.as_path() };
    Host::new(dir.to_owned(), ui.env.clone())
}

/// The tool of one backup.
pub(crate) enum Keeper<'a> {
    /// pgBackRest.
    PgBackRest(&'a PgBackRest),
    /// Dumps that drctl makes.
    Dumps(Box<Dumps<'a>>),
    /// restic.
    Restic(Box<Snapshots<'a>>),
}

/// One backup with its tool.
pub(crate) struct Kept<'a> {
    pub(crate) name: &'a Name,
    pub(crate) backup: &'a Backup,
    host: &'a Host,
    keeper: Keeper<'a>,
}

impl<'a> Kept<'a> {
    /// The backup with its tool.
    ///
    /// # Errors
    /// In words, when it has none that drctl knows how to use.
    pub(crate) fn of(around: &'a Around, name: &'a Name, backup: &'a Backup) -> Result<Kept<'a>, String> {
        let Around { host, depots } = around;
        let keeper = if let Some(is) = &backup.pgbackrest {
            if is.stanza.is_none() {
                return Err("it does not say its `stanza`".to_owned());
            }
            Keeper::PgBackRest(is)
        } else if let Some(is) = &backup.pg_dump {
            let tool = Tool::new(host, is.env.as_deref(), format!("backup/{name}"));
            let dumps = Dumps::of(tool, (name, backup), is, |to| depots.at(to));
            Keeper::Dumps(Box::new(dumps.map_err(|e| e.message)?))
        } else if let Some(is) = &backup.restic {
            let snapshots = Snapshots::of(host, name, is, format!("backup/{name}")).map_err(|e| e.message)?;
            Keeper::Restic(Box::new(snapshots))
        } else {
            return Err(format!("it is made by {}", backup.method().made_by));
        };
        Ok(Kept { name, backup, host, keeper })
    }

    fn tool(&self, is: &'a PgBackRest) -> Tool<'a> {
        Tool::new(self.host, is.env.as_deref(), format!("backup/{}", self.name))
    }

    /// What is in its repository, the oldest first.
    pub(crate) async fn list(&self) -> Result<Vec<Stored>, ProviderError> {
        let listed = async {
            match &self.keeper {
                Keeper::PgBackRest(is) => Ok(drctl_postgres::info(&self.tool(is), is).await?.points),
                Keeper::Dumps(dumps) => dumps.list().await,
                Keeper::Restic(snapshots) => snapshots.list().await,
            }
        };
        tokio::time::timeout(LIST_WITHIN, listed).await.unwrap_or_else(|_| {
            Err(ProviderError {
                doing: format!("listing backup.{}", self.name),
                class: ErrorClass::Timeout,
                code: None,
                message: format!("it did not answer within {} s", LIST_WITHIN.as_secs()),
            })
        })
    }

    /// Which type is due.
    pub(crate) fn due(&self, points: &[Stored], now: Timestamp) -> Made {
        match &self.keeper {
            Keeper::PgBackRest(is) => {
                let declared = [
                    (Made::Full, Some(&is.full)),
                    (Made::Differential, is.differential.as_ref()),
                    (Made::Incremental, is.incremental.as_ref()),
                ];
                let schedules: Vec<_> =
                    declared.into_iter().filter_map(|(made, s)| Some((made, s?))).collect();
                due(&schedules, points, now)
            }
            Keeper::Dumps(_) => Made::Dump,
            Keeper::Restic(_) => Made::Snapshot,
        }
    }

    /// Makes one; it is in the repository when this ends well.
    pub(crate) async fn make(&self, made: Made, now: Timestamp) -> Result<Stored, ProviderError> {
        match &self.keeper {
            Keeper::PgBackRest(is) => {
                let tool = self.tool(is);
                let before: Vec<String> = self.list().await?.into_iter().map(|point| point.id).collect();
                drctl_postgres::pgbackrest::backup(&tool, (is, &self.backup.to), made).await?;
                let after = self.list().await?;
                let new = after.into_iter().rev().find(|point| !before.contains(&point.id));
                new.ok_or_else(|| ProviderError {
                    doing: "making a backup with pgBackRest".to_owned(),
                    class: ErrorClass::Failed,
                    code: None,
                    message: "it ended well, and there is no new backup in the repository".to_owned(),
                })
            }
            Keeper::Dumps(dumps) => dumps.make(now).await,
            Keeper::Restic(snapshots) => snapshots.make(now).await,
        }
    }

    /// Throws away what was begun and is not finished, as far as that can be done soon. pgBackRest and restic do
    /// so by themselves.
    pub(crate) async fn sweep(&self) {
        if let Keeper::Dumps(dumps) = &self.keeper {
            // The next run does what this one does not come to.
            let _ended = tokio::time::timeout(SWEEP_WITHIN, dumps.sweep()).await;
        }
    }

    /// Removes what is older than it is to be kept; never the newest. pgBackRest does so by itself.
    pub(crate) async fn expire(&self, now: Timestamp) -> Result<Expired, ProviderError> {
        match (&self.keeper, self.backup.restic.as_ref().and_then(|is| is.keep)) {
            (Keeper::Dumps(dumps), _) => dumps.expire(now).await,
            (Keeper::Restic(snapshots), Some(keep)) => {
                snapshots.expire(keep).await?;
                Ok(Expired::default())
            }
            (Keeper::Restic(_), None) | (Keeper::PgBackRest(_), _) => Ok(Expired::default()),
        }
    }

    /// Proves as much as is asked for.
    pub(crate) async fn verify(
        &self,
        (point, until): (Option<&str>, Level),
        scratch: &Path,
        now: Timestamp,
    ) -> Verified {
        let of =
            |tool| drctl_postgres::verify::Subject { tool, backup: self.backup, point, until, scratch, now };
        match &self.keeper {
            Keeper::PgBackRest(is) => drctl_postgres::verify::pgbackrest(&of(self.tool(is)), is).await,
            Keeper::Dumps(dumps) => {
                let env = self.backup.pg_dump.as_ref().and_then(|is| is.env.as_deref());
                let tool = Tool::new(self.host, env, format!("verify/{}", self.name));
                drctl_postgres::verify::dump(&of(tool), dumps).await
            }
            Keeper::Restic(snapshots) => {
                let subject =
                    drctl_files::Subject { host: self.host, backup: self.backup, point, until, scratch };
                drctl_files::verify(&subject, snapshots).await
            }
        }
    }
}

/// Whether it says where its repository is: then that is looked into whenever a way back is planned.
pub(crate) fn is_made(_: &Name, backup: &Backup) -> bool {
    let located = |is: &PgBackRest| is.stanza.is_some() && (is.options.is_some() || is.config.is_some());
    backup.pgbackrest.as_ref().is_some_and(located)
        || backup.pg_dump.as_ref().is_some_and(PgDump::is_made)
        || backup.restic.as_ref().is_some_and(|is| is.paths.is_some())
}

/// Carries steps out on this machine. What restores a server's data is done when the log is replayed.
pub(crate) struct Restoring<'a> {
    /// The machine.
    pub(crate) host: &'a Host,
    /// The providers, where the steps need any.
    pub(crate) connections: Option<&'a Connections>,
}

impl Restoring<'_> {
    /// Brings a dump here and restores it. It is gone afterwards, whatever came of that.
    async fn fetch(
        &self,
        (words, from): (&[String], &InBucket),
        surroundings: &Surroundings,
        attempt: &Attempt,
    ) -> Result<Answer, ProviderError> {
        let depot = depots::planned(self.connections, from)?;
        let under = scratch(&self.host.environment);
        let copy = drctl_postgres::fetched(&depot, &from.key, &under).await?;
        let words = words.iter().cloned().chain([copy.path().display().to_string()]).collect();
        let action = Action::Run { words, surroundings: surroundings.clone() };
        let answer = self.host.perform(&action, attempt).await?;
        let brought = format!("{} was brought here; its checksum is right\n", depot.called(&from.key));
        Ok(Answer { said: format!("{brought}{}", answer.said), ..answer })
    }
}

/// The folder in which is restored when nobody says another one.
pub(crate) fn scratch(environment: &BTreeMap<String, String>) -> PathBuf {
    PathBuf::from(environment.get("TMPDIR").filter(|dir| !dir.is_empty()).map_or("/tmp", String::as_str))
}

impl Performer for Restoring<'_> {
    fn perform<'a>(
        &'a self,
        action: &'a Action,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Answer, ProviderError>> {
        Box::pin(async move {
            if let Action::Fetch { words, from, surroundings } = action {
                return self.fetch((words, from), surroundings, attempt).await;
            }
            let Action::Restore { data, canary, surroundings, .. } = action else {
                return self.host.perform(action, attempt).await;
            };
            let tool = Tool::of_step(self.host, surroundings, attempt);
            drctl_postgres::can_replay(&tool)?;
            let answer = self.host.perform(action, attempt).await?;
            let said = drctl_postgres::replay(&tool, Path::new(data), canary.as_deref()).await?;
            Ok(Answer { said: format!("{}{said}", answer.said), ..answer })
        })
    }
}

/// Writes the canary of a backup; none when it has none.
pub(crate) async fn canary(
    host: &Host,
    (name, backup): (&Name, &Backup),
) -> Option<Result<Timestamp, ProviderError>> {
    let canary = backup.canary.as_ref()?;
    let tool = Tool::new(host, canary.env.as_deref(), format!("canary/{name}"));
    Some(drctl_postgres::canary::write(&tool, &canary.database, name).await)
}

/// Until when the log of a backup is archived, as its server says; none when it has no log, or nothing says which
/// server that is.
pub(crate) async fn archived(
    host: &Host,
    (name, backup): (&Name, &Backup),
) -> Option<Result<Timestamp, ProviderError>> {
    backup.method().log?;
    let canary = backup.canary.as_ref()?;
    let tool = Tool::new(host, canary.env.as_deref(), format!("archived/{name}"));
    Some(drctl_postgres::archived(&tool, &canary.database).await)
}
