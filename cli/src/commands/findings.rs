//! `drctl findings`: what is provably wrong with the declared system. Asks no provider.

use drctl_core::findings::{Placed, Subject, placed};
use drctl_core::plan;
use drctl_core::recovery::Places;
use jiff::Timestamp;

use super::plan::warn;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::gates::FailOn;
use crate::planning::{self, Loaded, VariableArgs};
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render;
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl findings`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: VariableArgs,
    /// Exits with 5 when there is a finding of this severity or worse that is not waived
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
}

/// Finds and prints.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = planning::load(project, &args.variables, ui)?;
    let now = session::clock(ui)?.now();
    let found = find(&loaded, now)?;
    warn(&loaded, drctl_core::diag::Diagnostics::default(), ui);
    match ui.format {
        Format::Text => ui.print(&render::findings::text(&found, ui.look()))?,
        Format::Json => {
            let json = render::findings::json(&found, now);
            ui.print(&format!("{json:#}\n"))?;
        }
    }
    let failed = args.fail_on.is_some_and(|least| found.iter().any(|f| least.fails(f)));
    Ok(if failed { Exit::Finding } else { Exit::Success })
}

/// What is wrong with the system of a configuration.
fn find(loaded: &Loaded, now: Timestamp) -> Result<Vec<Placed>, Failure> {
    let (system, diagnostics) = plan::system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    let places = Places::written(&loaded.config, &loaded.variables, &REGISTRY);
    let subject = Subject { system: &system, config: &loaded.config, places: &places };
    Ok(placed(&subject, &loaded.sources, now))
}
