//! `drctl state`: what drctl remembers. Only `rebuild` asks a provider.

mod rebuild;

use std::fmt::Write;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand};
use drctl_core::addr::Address;
use drctl_core::codes::Code;
use drctl_core::state::{CannotMove, Owned, State};
use drctl_engine::state_file::StateFile;
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::render::text::{count, safe};
use crate::render::value;
use crate::session;
use crate::ui::{Format, Ui};

/// How long another process is waited for.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// Options of `drctl state`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists what is ours
    List,
    /// Shows what is remembered of one resource
    Show {
        /// Its address
        address: Address,
    },
    /// Lets go of resources; the provider keeps them
    Rm {
        /// Their addresses
        #[arg(required = true)]
        addresses: Vec<Address>,
    },
    /// Makes the state anew from the configuration and what is live; says what could not be restored
    Rebuild(rebuild::Args),
    /// Gives a resource a new address
    Mv {
        /// Its address
        from: Address,
        /// Its new address
        to: Address,
    },
}

/// Runs one of them.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    match &args.command {
        Command::List => list(project, ui),
        Command::Rebuild(args) => rebuild::run(args, project, ui),
        Command::Show { address } => show(address, project, ui),
        Command::Rm { addresses } => {
            let done = change("state rm", project, ui, |state| remove(state, addresses))?;
            say(ui, &done, "forgotten; the provider keeps it")
        }
        Command::Mv { from, to } => {
            let done = change("state mv", project, ui, |state| rename(state, from, to))?;
            say(ui, &done, "moved")
        }
    }
}

fn say(ui: &Ui, addresses: &[String], what: &str) -> Result<Exit, Failure> {
    match ui.format {
        Format::Json => ui.print(&format!("{}\n", json!({ "changed": addresses })))?,
        Format::Text => {
            let text: String = addresses.iter().map(|a| format!("{}: {what}\n", safe(a))).collect();
            ui.print(&text)?;
        }
    }
    Ok(Exit::Success)
}

/// Changes the state under its lock.
fn change<T>(
    command: &str,
    project: &Project,
    ui: &Ui,
    act: impl FnOnce(&mut State) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let clock = session::clock(ui)?;
    let holder = session::holder(ui, command, clock.as_ref());
    let lock = session::lock(project, &holder, LOCK_TIMEOUT, clock.as_ref());
    let _lock = session::runtime()?.block_on(lock)?;
    let mut state = loaded(project)?;
    let done = act(&mut state)?;
    StateFile::new(project.state_path()).save(&mut state).map_err(session::state_failed)?;
    Ok(done)
}

fn loaded(project: &Project) -> Result<State, Failure> {
    session::load_state(project)?.ok_or_else(|| {
        Failure::new(
            Code::StateUnusable,
            "There is no state yet",
            "It is made by the first `drctl apply`; `drctl plan` works without one.",
        )
    })
}

fn remove(state: &mut State, addresses: &[Address]) -> Result<Vec<String>, Failure> {
    let mut gone = Vec::new();
    for address in addresses {
        let found = state.remove(address);
        if found.is_empty() {
            return Err(absent(address));
        }
        gone.extend(found.iter().map(ToString::to_string));
    }
    Ok(gone)
}

fn rename(state: &mut State, from: &Address, to: &Address) -> Result<Vec<String>, Failure> {
    let pairs = state.rename(from, to).map_err(|error| match error {
        CannotMove::NotThere(address) => absent(&address),
        CannotMove::Taken(_) | CannotMove::OtherKind(_) => Failure::new(
            Code::BadArgument,
            safe(&error.to_string()),
            "Name an address of the same kind that is not in the state.",
        ),
    })?;
    Ok(pairs.iter().map(|(from, to)| format!("{from} -> {to}")).collect())
}

fn absent(address: &Address) -> Failure {
    let headline = format!("`{}` is not in the state", safe(&address.to_string()));
    Failure::new(Code::BadArgument, headline, "`drctl state list` shows what is.")
}

fn list(project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let state = session::load_state(project)?;
    let text = match (ui.format, &state) {
        (Format::Json, state) => {
            let resources = state.as_ref().map(|s| s.resources.keys().collect::<Vec<_>>());
            let reference = state.as_ref().map(State::reference);
            format!("{:#}\n", json!({ "state": reference, "resources": resources.unwrap_or_default() }))
        }
        (Format::Text, None) => {
            ui.tell("There is no state yet.\n");
            String::new()
        }
        (Format::Text, Some(state)) => {
            ui.tell(&format!(
                "{} in serial {} of {}\n",
                count(state.resources.len(), "resource"),
                state.serial,
                safe(&state.lineage)
            ));
            state.resources.keys().map(|a| format!("{}\n", safe(&a.to_string()))).collect()
        }
    };
    ui.print(&text)?;
    Ok(Exit::Success)
}

fn show(address: &Address, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let state = loaded(project)?;
    let owned = state.resources.get(address).ok_or_else(|| absent(address))?;
    let text = match ui.format {
        Format::Json => format!("{:#}\n", json!({ "address": address, "remembered": owned })),
        Format::Text => remembered(address, owned),
    };
    ui.print(&text)?;
    Ok(Exit::Success)
}

fn remembered(address: &Address, owned: &Owned) -> String {
    let Owned { provider, id, created, made_by, applied, fingerprints, outputs } = owned;
    let origin = match made_by {
        Some(run) => format!("made by {}", safe(run)),
        None if *created => "made by drctl".to_owned(),
        None => "adopted".to_owned(),
    };
    let mut text = format!("{}\n", safe(&address.to_string()));
    let _ = writeln!(text, "    {} through {provider}, {origin}", value::inline(&id.0.as_str().into()));
    for (title, values) in [("as last applied", applied), ("as last seen", outputs)] {
        if !values.is_empty() {
            let _ = writeln!(text, "  {title}");
        }
        for (name, value) in values {
            let _ = writeln!(text, "    {} = {}", safe(name), value::inline(value));
        }
    }
    for name in fingerprints.keys() {
        let _ = writeln!(text, "    {} = {} (only a fingerprint is kept)", safe(name), value::SENSITIVE);
    }
    text
}
