//! `drctl snapshot`: reads the providers and writes what was seen into a file, for `--from` where they
//! cannot be asked. Changes nothing.

use std::path::PathBuf;
use std::sync::Arc;

use drctl_core::codes::Code;
use drctl_core::plan::Observation;
use drctl_engine::last_world;
use serde_json::json;

use super::plan::warn;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::{self, Gaps, Look, VariableArgs};
use crate::project::Project;
use crate::render::progress::{Progress, Show};
use crate::render::text::count;
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl snapshot`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: VariableArgs,
    /// The file to write; what was there is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Exits with 6 when something could not be observed now
    #[arg(long)]
    require_complete: bool,
    /// Reads in flight for each provider
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u16).range(1..=256))]
    parallelism: u16,
}

/// Reads, writes, and says how much of it is of now.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let clock = session::clock(ui)?;
    let loaded = planning::load(project, &args.variables, ui)?;
    let state = session::load_state(project)?;
    let progress = Progress::new(ui, Arc::clone(&clock), Show::Reading);
    let look = Look {
        parallelism: args.parallelism,
        reporter: &progress,
        clock: clock.as_ref(),
        gaps: Gaps::Unobserved,
    };
    let seen = session::runtime()?.block_on(planning::look(&loaded, state.as_ref(), project, look, ui));
    progress.finish();
    let (seen, expanded) = seen?;
    warn(&loaded, seen.diagnostics.clone(), ui);
    last_world::save(&args.out, &seen.memory.world).map_err(|error| {
        let headline = format!("The snapshot cannot be written: {error}");
        Failure::new(Code::Unwritable, headline, "Name a file in a directory you may write to.")
    })?;
    let unobserved = |o: &&Observation| matches!(o, Observation::Unobserved(_));
    let open = seen.world.observations.values().filter(unobserved).count()
        + expanded.instances.iter().filter(|i| i.id.is_none()).count();
    let (kept, file) = (seen.memory.world.sightings.len(), args.out.display().to_string());
    let simulated = seen.world.places.values().any(|head| head.simulated);
    match ui.format {
        Format::Json => {
            let json = json!({
                "format_version": "1.0", "as_of": seen.now, "simulated": simulated, "file": file,
                "sightings": kept, "unobserved": open,
            });
            ui.print(&format!("{json:#}\n"))?;
        }
        Format::Text => {
            let sim = if simulated { "SIM: " } else { "" };
            let open = match open {
                0 => String::new(),
                n => format!("; {} could not be observed now", count(n, "resource")),
            };
            ui.print(&format!("{sim}{} in {file}, as of {:.0}{open}\n", count(kept, "resource"), seen.now))?;
        }
    }
    Ok(if args.require_complete && open > 0 { Exit::Incomplete } else { Exit::Success })
}
