//! `drctl kit verify`.

use std::path::PathBuf;

use drctl_core::plan::LastSeen;
use jiff::{SignedDuration, Timestamp};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::kit::{self, Place, ReaderArgs};
use crate::planning::{self, VariableArgs};
use crate::render::kit::{Told, Verified, json, text};
use crate::session;
use crate::ui::{Format, Ui};
use crate::ways::{self, Ground};

/// Options of `drctl kit verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The kit
    #[arg(value_name = "FILE")]
    kit: PathBuf,
    #[command(flatten)]
    reader: ReaderArgs,
    /// Exits with 6 when what was observed is older than this, such as `24h`, or something never was
    #[arg(long, value_name = "DURATION", value_parser = drctl_core::duration::parse)]
    max_age: Option<SignedDuration>,
}

/// Reads it and plans every way back as one would from it, without asking anybody.
pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let kit = kit::read(&args.kit, &args.reader.reader(ui)?)?;
    let now = session::clock(ui)?.now();
    let place = Place::of(&kit)?;
    let project = place.project(&ui.env);
    let loaded = planning::load(&project, &VariableArgs::default(), ui)?;
    let ground = ways::remembered(loaded, &project, ui)?;
    let seen = ground.last_seen();
    let verified = Verified {
        age_s: seen.and_then(|seen| seen.as_of).map(|at| now.duration_since(at).as_secs().max(0)),
        too_old: args.max_age.is_some_and(|most| seen.is_some_and(|seen| is_older(seen, now, most))),
        feasible: planned(&ground)?,
    };
    let mut exit = Exit::Success;
    if verified.feasible.iter().any(|(_, feasible)| !feasible) {
        exit = exit.and(Exit::Objective);
    }
    if verified.too_old {
        exit = exit.and(Exit::Incomplete);
    }
    let told = Told { verified: Some(&verified), ..Told::of(&args.kit, &kit) };
    match ui.format {
        Format::Text => ui.print(&text(&told, ui.look()))?,
        Format::Json => ui.print(&json(&told))?,
    }
    Ok(exit)
}

/// What was never seen is older than anything.
fn is_older(seen: LastSeen, now: Timestamp, most: SignedDuration) -> bool {
    seen.never > 0 || seen.as_of.is_some_and(|at| now.duration_since(at) > most)
}

/// Whether everything has a way back in each scenario.
fn planned(ground: &Ground) -> Result<Vec<(String, bool)>, Failure> {
    let scenarios = ground.system.scenarios.iter();
    let planned = scenarios.map(|(name, scenario)| {
        let plan = ground.plan(name, &scenario.is)?;
        Ok((name.to_string(), plan.is_feasible()))
    });
    planned.collect()
}
