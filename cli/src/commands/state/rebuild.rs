//! `drctl state rebuild`: the state made anew from the configuration and what is live. An entry is
//! only given up when a person says so; what cannot be observed stays as it was.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use drctl_core::codes::Code;
use drctl_core::diag::{Diagnostic, Diagnostics, Severity};
use drctl_core::plan::{Expanded, followed};
use drctl_core::rebuild::{self, Entry, Lost, Memory, Ownership, Rebuilt};
use drctl_core::state::{State, Unreadable};
use drctl_engine::state_file::{StateError, StateFile};
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::{self, Gaps, Loaded, Look, Observation, PlanningArgs, VariableArgs};
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::progress::{Progress, Show};
use crate::render::text::{count, safe};
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl state rebuild`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: VariableArgs,
    /// Gives up entries that the configuration does not declare or the provider does not have
    #[arg(long)]
    discard: bool,
    /// Reads in flight for each provider
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u16).range(1..=256))]
    parallelism: u16,
}

/// Reads, rebuilds, writes, and says what came of it.
pub(super) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let clock = session::clock(ui)?;
    let loaded = planning::load(project, &args.variables, ui)?;
    let runtime = session::runtime()?;
    let holder = session::holder(ui, "state rebuild", clock.as_ref());
    let lock = session::lock(project, &holder, super::LOCK_TIMEOUT, clock.as_ref());
    let _lock = runtime.block_on(lock)?;
    let file = StateFile::new(project.state_path());
    let (old, unreadable) = earlier(&file)?;
    let progress = Progress::new(ui, Arc::clone(&clock), Show::Reading);
    let look = Look {
        parallelism: args.parallelism,
        reporter: &progress,
        clock: clock.as_ref(),
        gaps: Gaps::Unobserved,
    };
    let observation = runtime.block_on(planning::look(&loaded, None, project, look, ui));
    progress.finish();
    let found = old.clone().unwrap_or_else(|| State::new(session::unique(clock.as_ref())));
    let mut rebuilt = rebuilt(&loaded, observation?, &found, args)?;
    if !args.discard && !rebuilt.lost.is_empty() {
        return Err(refused(&rebuilt.lost));
    }
    let aside = match unreadable {
        true => Some(file.set_aside().map_err(session::state_failed)?),
        false => None,
    };
    if old.as_ref() != Some(&rebuilt.state) {
        file.save(&mut rebuilt.state).map_err(session::state_failed)?;
    }
    say(&rebuilt, aside.as_ref(), ui)
}

/// The state there is, and whether the file is no state at all. A newer format is no reason to throw
/// a state away.
fn earlier(file: &StateFile) -> Result<(Option<State>, bool), Failure> {
    match file.load() {
        Ok(state) => Ok((state, false)),
        Err(StateError::Unreadable { source: Unreadable::Malformed(_), .. }) => Ok((None, true)),
        Err(error) => Err(session::state_failed(error)),
    }
}

/// Plans without a state and takes what is there for ours.
fn rebuilt(
    loaded: &Loaded,
    (observation, expanded): (Observation, Expanded),
    old: &State,
    args: &Args,
) -> Result<Rebuilt, Failure> {
    let planning = PlanningArgs::of_all(args.variables.clone(), args.parallelism);
    let (plan, found) = planning::make(loaded, (&observation, expanded), None, &planning);
    // What differs or is refused is the next plan's business. What makes addresses uncertain is ours.
    let blocks =
        |d: &&Diagnostic| d.severity == Severity::Error && (d.address.is_none() || d.code == Code::SameThing);
    if found.iter().any(|d| blocks(&d)) {
        let mut errors = Diagnostics::default();
        found.iter().filter(blocks).for_each(|d| errors.push(d.clone()));
        return Err(loaded.failure(errors));
    }
    Ok(rebuild::rebuild(&plan, &REGISTRY, &loaded.values, &followed(&loaded.config, old)))
}

fn refused(lost: &[Lost]) -> Failure {
    let all: Vec<String> =
        lost.iter().map(|l| safe(&format!("{} (`{}`): {}", l.address, l.id, l.why))).collect();
    Failure::new(
        Code::StateUnusable,
        format!("A rebuilt state would lose {}", count(lost.len(), "entry")),
        format!("Nothing was written. {}. To give them up, add `--discard`.", all.join("; ")),
    )
}

fn say(rebuilt: &Rebuilt, aside: Option<&PathBuf>, ui: &Ui) -> Result<Exit, Failure> {
    let Rebuilt { state, entries, lost } = rebuilt;
    let text = match ui.format {
        Format::Json => {
            let json = json!({
                "format_version": "1.0", "state": state.reference(), "resources": entries,
                "discarded": lost, "set_aside": aside,
            });
            format!("{json:#}\n")
        }
        Format::Text => text(rebuilt, aside),
    };
    ui.print(&text)?;
    Ok(Exit::Success)
}

fn text(rebuilt: &Rebuilt, aside: Option<&PathBuf>) -> String {
    let mut text = String::new();
    if let Some(path) = aside {
        let _ =
            writeln!(text, "The old state was no state: it is kept as {}", safe(&path.display().to_string()));
    }
    for entry in &rebuilt.entries {
        let _ = writeln!(text, "{}: {}", safe(&entry.address.to_string()), ownership(entry));
        for (what, memory) in [("last applied", &entry.last_applied), ("fingerprints", &entry.fingerprints)] {
            if let Some(said) = said(memory) {
                let _ = writeln!(text, "    {what}: {said}");
            }
        }
    }
    for Lost { address, id, why } in &rebuilt.lost {
        let _ = writeln!(text, "{}: given up `{}`: {why}", safe(&address.to_string()), safe(&id.0));
    }
    let ours = rebuilt.state.resources.len();
    let _ = writeln!(text, "{} in serial {}.", count(ours, "resource"), rebuilt.state.serial);
    text
}

fn ownership(entry: &Entry) -> String {
    let why = || safe(entry.why.as_deref().unwrap_or("it was not asked for"));
    match (entry.ownership, entry.created) {
        (Ownership::Restored, Some(_)) => "ownership restored".to_owned(),
        (Ownership::Restored, None) => "ownership restored; who made it is not known".to_owned(),
        (Ownership::Kept, _) => format!("unobserved, its old entry is kept: {}", why()),
        (Ownership::Unobserved, _) => format!("unobserved, nothing is restored: {}", why()),
        (Ownership::Absent, _) => "not at the provider, nothing to restore".to_owned(),
    }
}

/// What became of one memory; none when there is nothing to say.
fn said(memory: &Memory) -> Option<String> {
    let Memory { restored, kept, unknown } = memory;
    let parts = [("restored", restored), ("kept from the old state", kept), ("cannot be known", unknown)];
    let parts: Vec<String> = (parts.iter().filter(|(_, names)| !names.is_empty()))
        .map(|(what, names)| format!("{what} {}", safe(&names.join(", "))))
        .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
