//! What commands that touch the state or a provider share: the runtime, the clock, the lock.

use std::sync::Arc;
use std::time::Duration;

use drctl_core::codes::Code;
use drctl_core::state::State;
use drctl_engine::clock::{Clock, FixedClock, SystemClock};
use drctl_engine::diagnose;
use drctl_engine::lock::{Holder, Lock, LockError, lock_path};
use drctl_engine::state_file::{StateError, StateFile};
use jiff::Timestamp;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::ui::Ui;

/// A runtime for one command.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().map_err(|error| {
        let headline = format!("No threads can be started: {error}");
        Failure::new(Code::CannotConnect, headline, "Raise the limit of processes for this user.")
    })
}

/// The machine's clock, or the instant that `DRCTL_NOW` names.
pub(crate) fn clock(ui: &Ui) -> Result<Arc<dyn Clock>, Failure> {
    let Some(text) = ui.env.get("DRCTL_NOW").filter(|v| !v.is_empty()) else {
        return Ok(Arc::new(SystemClock));
    };
    let now: Timestamp = text.parse().map_err(|_| {
        let headline = format!("DRCTL_NOW is no instant: `{}`", crate::render::text::safe(text));
        Failure::new(Code::BadArgument, headline, "Write it as `2026-03-02T12:00:00Z`.")
    })?;
    Ok(Arc::new(FixedClock(now)))
}

/// Who holds the lock, for others to see.
pub(crate) fn holder(ui: &Ui, command: &str, clock: &dyn Clock) -> Holder {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|v| ui.env.get(*v));
    Holder::this_process(user.map_or("unknown", String::as_str), command, clock)
}

/// Takes the lock of the state.
pub(crate) async fn lock(
    project: &Project,
    holder: &Holder,
    timeout: Duration,
    clock: &dyn Clock,
) -> Result<Lock, Failure> {
    project.make_data()?;
    Lock::acquire(&lock_path(&project.state_path()), holder, timeout, clock).await.map_err(lock_failed)
}

/// The lock could not be taken.
pub(crate) fn lock_failed(error: LockError) -> Failure {
    let exit = match error {
        LockError::Locked { .. } => Exit::Locked,
        LockError::File(_) => Exit::Error,
    };
    Failure::from(diagnose::lock(&error)).exit(exit)
}

/// A name that no other run and no other line of states has.
pub(crate) fn unique(clock: &dyn Clock) -> String {
    format!("{}-{:08x}", clock.now().strftime("%Y%m%dT%H%M%SZ"), random())
}

/// A number that differs from process to process.
fn random() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish() as u32
}

/// The state; none when there is none.
pub(crate) fn load_state(project: &Project) -> Result<Option<State>, Failure> {
    StateFile::new(project.state_path()).load().map_err(state_failed)
}

/// Something is wrong with the state.
pub(crate) fn state_failed(error: StateError) -> Failure {
    Failure::from(diagnose::state(&error))
}
