//! Who commands: one process at a time, by a lock in drctl's own folder and, where journals are copied, by one
//! in the bucket that every machine sees. Both are refused, and taken over, in the same words.

use std::sync::Arc;
use std::time::Duration;

use drctl_core::codes::Code;
use drctl_engine::claim::{Claim, Claimed, Held, TakeOver};
use drctl_engine::clock::Clock;
use drctl_engine::commander::TakenOver;
use drctl_engine::journal::{Replayed, Written};
use drctl_engine::journal_copy::{Copying, JournalCopy};
use drctl_engine::lock::{Holder, Lock, LockError, break_lock};
use drctl_engine::runs::{Begun, Folder};
use drctl_engine::telling::RunReporter;
use tokio::sync::watch;

use super::execute::First;
use super::open;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::journal_copy::{Far, told_of};
use crate::project::Project;
use crate::render::run::Live;
use crate::render::text::safe;
use crate::session;
use crate::ui::Ui;

/// Who asks for the place of the commander.
pub(super) struct Asking<'a> {
    /// For this run.
    pub(super) run: &'a str,
    /// What becomes of another one's lock.
    pub(super) take_over: TakeOver,
    /// Where drctl's own folder is.
    pub(super) project: &'a Project,
    /// The time.
    pub(super) clock: &'a dyn Clock,
    /// Who is told.
    pub(super) ui: &'a Ui,
}

/// The place of the commander, until it is dropped.
pub(super) struct Seat {
    here: Lock,
    holder: Holder,
    from: Vec<String>,
}

/// The lock over all machines, and whether it is known to be ours.
pub(super) struct OverAll {
    claim: Claim,
    claimed: bool,
}

impl Seat {
    /// Takes the place of whoever commands recoveries and drills from this folder.
    pub(super) async fn take(asking: &Asking<'_>) -> Result<Seat, Failure> {
        let Asking { run, take_over, project, clock, ui } = *asking;
        project.make_data()?;
        let holder = session::holder(ui, "recover", clock).of_run(run);
        let (here, removed) = lock_here(&holder, take_over, (project, clock)).await.map_err(refused)?;
        let mut seat = Seat { here, holder, from: Vec::new() };
        if let Some(gone) = &seat.here.taken_over {
            ui.tell(&format!("Taken over from {}, whose process is gone.\n", safe(&gone.user)));
            seat.from.push(gone.to_string());
        }
        removed.into_iter().for_each(|from| seat.take_over(from.to_string(), ui));
        Ok(seat)
    }

    /// Takes it over all machines, where journals are copied. Whoever took it lets go of it with the copy.
    pub(super) async fn over_all(
        &mut self,
        far: Option<&Far>,
        asking: &Asking<'_>,
    ) -> Result<Option<OverAll>, Failure> {
        let Some(far) = far else { return Ok(None) };
        let (claim, claimed) =
            far.take(&self.holder, asking.take_over, asking.clock, asking.ui).await.map_err(refused)?;
        let claimed = match claimed {
            Claimed::Ours(Held { from }) => {
                from.into_iter().for_each(|from| self.take_over(from, asking.ui));
                true
            }
            Claimed::Unknown(_) => false,
        };
        Ok(Some(OverAll { claim, claimed }))
    }

    /// From whom it was taken over, for the journal.
    pub(super) fn taken_over(&self) -> Vec<TakenOver> {
        let by = format!("{}@{}, process {}", self.holder.user, self.holder.host, self.holder.pid);
        self.from.iter().map(|from| TakenOver { by: by.clone(), from: from.clone() }).collect()
    }

    /// One that held both locks is told once.
    fn take_over(&mut self, from: String, ui: &Ui) {
        if !self.from.contains(&from) {
            told_of(&format!("Command taken over from {from}."), ui);
            self.from.push(from);
        }
    }
}

/// The lock in drctl's own folder, which machines may share; and whose claim to it was removed.
async fn lock_here(
    holder: &Holder,
    take_over: TakeOver,
    (project, clock): (&Project, &dyn Clock),
) -> Result<(Lock, Option<Holder>), LockError> {
    let path = project.recovery_lock();
    match (Lock::acquire(&path, holder, Duration::ZERO, clock).await, take_over) {
        (Err(LockError::Locked { .. }), TakeOver::Asked) => {
            let from = break_lock(&path)?;
            Ok((Lock::acquire(&path, holder, Duration::ZERO, clock).await?, from))
        }
        (lock, _) => Ok((lock?, None)),
    }
}

/// The run as it is when nobody else writes any more. Where that cannot be had, nobody keeps the lock.
pub(super) async fn caught_up(
    folder: &Folder,
    over_all: Option<&OverAll>,
    far: Option<&Far>,
    asking: &Asking<'_>,
) -> Result<Replayed<Begun>, Failure> {
    let brought = match far {
        Some(far) => far.bring(asking.run, asking.project, asking.ui).await,
        None => Ok(()),
    };
    let read = brought.and_then(|()| open::read(folder));
    if let (Err(_), Some(OverAll { claim, claimed: true })) = (&read, over_all) {
        claim.give_back().await;
    }
    read
}

/// Another one commands.
fn refused(error: LockError) -> Failure {
    let LockError::Locked { holder, .. } = &error else { return session::lock_failed(error) };
    let run = holder.as_ref().and_then(|holder| holder.run.as_deref());
    let again = run.map_or_else(
        || "give the same command `--take-over`".to_owned(),
        |run| format!("`drctl recover --resume {} --take-over`", safe(run)),
    );
    let help = format!(
        "One commander at a time: wait until it is done. What a dead process of this machine left is taken over by \
         itself. If that machine is gone or out of reach for good: {again}."
    );
    Failure::new(Code::Locked, format!("Recoveries and drills are {error}"), help).exit(Exit::Locked)
}

impl OverAll {
    /// Begins to copy the journal.
    pub(super) fn copying(
        self,
        far: &Far,
        (begun, folder, first): (&Begun, &Folder, First),
        (live, stop): (&Arc<Live>, &watch::Sender<bool>),
        written: &watch::Sender<Written>,
    ) -> Copying {
        let copy = JournalCopy {
            objects: Arc::clone(&far.objects),
            run: begun.run.clone(),
            url: far.url(&begun.run),
            folder: folder.clone(),
            begun_before: first == First::Resumed,
            claim: self.claim,
            claimed: self.claimed,
            reporter: Arc::clone(live) as Arc<dyn RunReporter>,
            stop: stop.clone(),
        };
        copy.begin(written.subscribe())
    }
}
