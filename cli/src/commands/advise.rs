//! `drctl advise`: the cheapest changes of the configuration with which every objective is met, as a
//! diff, and what no change meets, with the reason. Changes nothing.

use std::sync::Arc;

use drctl_core::advise::{Input, advise};
use drctl_core::duration;
use jiff::SignedDuration;

use super::plan::warn;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::last_world;
use crate::planning::{self, Gaps, Look, VariableArgs};
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::advise as render;
use crate::render::progress::{Progress, Show};
use crate::render::text::last_seen;
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl advise`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: VariableArgs,
    /// As if this had been promised for every loss of data and every downtime
    #[arg(long, value_name = "DURATION", value_parser = promised)]
    meet: Option<SignedDuration>,
    /// Asks no provider: from what was last seen, and from what is declared where nothing ever was
    #[arg(long)]
    offline: bool,
    /// Reads in flight for each provider
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u16).range(1..=256))]
    parallelism: u16,
}

fn promised(text: &str) -> Result<SignedDuration, String> {
    duration::parse(text)
}

/// Searches and prints.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = planning::load(project, &args.variables, ui)?;
    let clock = session::clock(ui)?;
    let state = session::load_state(project)?;
    let progress = Progress::new(ui, Arc::clone(&clock), Show::Reading);
    let observation = match args.offline {
        true => last_world::recall_if_any(&loaded, state.as_ref(), project, clock.as_ref(), ui),
        false => {
            let look = Look {
                parallelism: args.parallelism,
                reporter: &progress,
                clock: clock.as_ref(),
                gaps: Gaps::Earlier,
            };
            session::runtime()?.block_on(planning::look(&loaded, state.as_ref(), project, look, ui))
        }
    };
    progress.finish();
    let (observation, expanded) = observation?;
    warn(&loaded, observation.diagnostics.clone(), ui);
    let found = advise(&Input {
        sources: &loaded.sources,
        files: loaded.config_files,
        registry: &REGISTRY,
        variables: &loaded.variables,
        world: &observation.world,
        state: state.as_ref(),
        now: observation.now,
        spread: crate::threads::spread,
        meet: args.meet,
        only: None,
    });
    let Some(advice) = found else {
        // Whoever plans it is told what is wrong with it.
        return Err(loaded.failure(expanded.diagnostics));
    };
    let world = &observation.world;
    let simulated = world.places.values().any(|head| head.simulated);
    match ui.format {
        Format::Text => {
            let mut text = String::new();
            if simulated {
                text += "SIMULATED: no real cloud was asked\n";
            }
            if let Some(seen) = world.last_seen() {
                text += &format!("{}\n", last_seen(seen, observation.now));
            }
            text += &render::text(&advice, &loaded.sources, ui.look());
            ui.print(&text)?;
        }
        Format::Json => {
            let json =
                render::json(&advice, &loaded.sources, (simulated, observation.now, world.last_seen()));
            ui.print(&format!("{json:#}\n"))?;
        }
    }
    Ok(if advice.unmet.is_empty() { Exit::Success } else { Exit::Objective })
}
