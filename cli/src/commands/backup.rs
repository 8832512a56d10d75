//! `drctl backup`: makes the declared backups with their own tools, lists what is in their repositories, and
//! proves that one can come back.

mod applied;
mod canary;
pub(crate) mod list;
mod run;
mod verify;

use drctl_core::addr::Name;
use drctl_core::codes::Code;
use drctl_core::plan;
use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::system::{Backup, System};
use drctl_engine::backups::Book;
use drctl_engine::clock::Clock;
use drctl_engine::lock::{Lock, LockError};

use super::plan::warn;
use super::points::unknown;
use crate::depots::Depots;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::{self, Loaded, VariableArgs};
use crate::project::Project;
use crate::render::text::safe;
use crate::session;
use crate::tools::{self, Around};
use crate::ui::Ui;

/// Options of `drctl backup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

/// What is done with backups.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Makes one now; what is too old is removed only once it is whole
    Run(run::Args),
    /// Lists what is in the repositories, with how far each was verified
    List(list::Args),
    /// Proves that one can be restored from: listed, readable, checksum, restores, queries, canary
    Verify(verify::Args),
    /// Writes the row with the time that a verification looks for
    Canary(canary::Args),
}

/// Does what is asked for.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::Run(args) => run::run(args, project, ui),
        Verb::List(args) => list::run(args, project, ui),
        Verb::Verify(args) => verify::run(args, project, ui),
        Verb::Canary(args) => canary::run(args, project, ui),
    }
}

/// What is declared, and what it was read from.
fn system(variables: &VariableArgs, project: &Project, ui: &Ui) -> Result<(Loaded, System), Failure> {
    let loaded = planning::load(project, variables, ui)?;
    let (system, diagnostics) = plan::system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    warn(&loaded, diagnostics, ui);
    Ok((loaded, system))
}

/// What the tools of these backups need.
fn around(
    loaded: &Loaded,
    backups: &[(&Name, &Backup)],
    project: &Project,
    ui: &Ui,
) -> Result<Around, Failure> {
    Ok(Around { host: tools::host(project, ui), depots: Depots::open(loaded, backups, project, ui)? })
}

/// Says so where what is looked at is not real.
fn simulated(around: &Around) -> &'static str {
    if around.depots.simulated {
        "SIM: the bucket is simulated, nothing real keeps what is in it\n"
    } else {
        ""
    }
}

/// The backup of that name.
fn named<'s>(system: &'s System, wanted: &str) -> Result<(&'s Name, &'s Backup), Failure> {
    let name = wanted.strip_prefix("backup.").unwrap_or(wanted);
    let found = system.backups.iter().find(|(known, _)| known.as_str() == name);
    found.map(|(name, backup)| (name, &backup.is)).ok_or_else(|| {
        let known: Vec<String> = system.backups.keys().map(ToString::to_string).collect();
        unknown("backup", name, &known)
    })
}

/// Takes the place of whoever works on this backup: one at a time.
async fn lock(book: &Book, command: &str, clock: &dyn Clock, ui: &Ui) -> Result<Lock, Failure> {
    let holder = session::holder(ui, command, clock);
    Lock::acquire(&book.lock(), &holder, std::time::Duration::ZERO, clock).await.map_err(busy)
}

/// Another process works on the backup.
fn busy(error: LockError) -> Failure {
    if !matches!(error, LockError::Locked { .. }) {
        return session::lock_failed(error);
    }
    let help = "Wait until it is done. What a dead process of this machine left is taken over by itself.";
    Failure::new(Code::Locked, format!("The backup is {error}"), help).exit(Exit::Locked)
}

/// That drctl does not know how to do it.
fn not_ours(name: &Name, why: &str) -> Failure {
    let help = "drctl makes, lists and verifies what is declared with `pgbackrest` and its `stanza`, with `pg_dump` \
                and its `database`, or with `restic` and its `repository`.";
    Failure::new(Code::NotOurBackup, format!("backup.{name} is not drctl's to make: {}", safe(why)), help)
}

/// What to do about an error of a tool.
fn help(error: &ProviderError) -> &'static str {
    match error.class {
        ErrorClass::NotFound => "Install the tool, or correct the path that it names.",
        ErrorClass::Denied => "Run drctl as the user whom the backups belong to, or correct the permissions.",
        ErrorClass::Credentials => "Correct the password; name its variable in `env`.",
        ErrorClass::Rejected => "Correct the `backup` block.",
        _ => "The last lines of the tool stand above; nothing that was there before was removed.",
    }
}
