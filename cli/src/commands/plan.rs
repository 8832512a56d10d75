//! `drctl plan`: what an apply would do, protection first. Changes nothing.

use std::path::PathBuf;
use std::sync::Arc;

use drctl_core::diag::Diagnostics;
use serde_json::json;

use super::show::{self, PlanFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::gates::Gates;
use crate::planfile;
use crate::planning::{self, Loaded, PlanningArgs};
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::progress::{Progress, Show};
use crate::render::{self, view::View};
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl plan`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    planning: PlanningArgs,
    #[command(flatten)]
    gates: Gates,
    /// Saves the plan, for `drctl apply FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: PlanFormat,
}

/// Plans and prints.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    match planned(args, project, ui) {
        Err(Failure::Diagnostics(reported)) if ui.format == Format::Json => {
            let found = render::diagnostics::list(&reported.diagnostics, &reported.sources, &reported.hidden);
            let json = json!({
                "format_version": "1.0", "errored": true, "applyable": false, "complete": false,
                "diagnostics": found,
            });
            ui.print(&format!("{json:#}\n"))?;
            Err(Failure::Diagnostics(reported))
        }
        other => other,
    }
}

fn planned(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let clock = session::clock(ui)?;
    let loaded = planning::load(project, &args.planning.variables, ui)?;
    let state = session::load_state(project)?;
    let progress = Progress::new(ui, Arc::clone(&clock), Show::Reading);
    let look = (args.planning.parallelism, &progress as _, clock.as_ref());
    let observation =
        session::runtime()?.block_on(planning::look(&loaded, state.as_ref(), project, look, ui));
    progress.finish();
    let observation = observation?;
    let (plan, diagnostics) = planning::make(&loaded, &observation, state.as_ref(), &args.planning);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    warn(&loaded, diagnostics, ui);
    show::print(&plan, &REGISTRY, args.format, ui)?;
    if let Some(path) = &args.out {
        planfile::write(path, &plan)?;
        ui.tell(&format!("Saved to {0}. Apply it with: drctl apply {0}\n", path.display()));
    }
    Ok(args.gates.exit(&View::new(&plan, &REGISTRY)))
}

/// Tells warnings, those of the configuration and those of the plan.
pub(crate) fn warn(loaded: &Loaded, diagnostics: Diagnostics, ui: &Ui) {
    let mut all = loaded.diagnostics.clone();
    all.extend(diagnostics);
    if !all.is_empty() {
        ui.tell(&render::diagnostics::text(&all, &loaded.sources, &loaded.hidden, ui.err_look()));
    }
}
