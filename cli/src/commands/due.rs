//! `drctl due`: what has to be done by a day, overdue first. Asks no provider.

use drctl_core::due::{Due, due};
use drctl_core::duration;
use drctl_core::plan::{self, Lines};
use jiff::{SignedDuration, Timestamp};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::{self, VariableArgs};
use crate::project::Project;
use crate::render::due as render;
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl due`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: VariableArgs,
    /// How far to look ahead
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = duration::parse)]
    within: SignedDuration,
}

/// Prints what is due.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    list(args, |_| true, project, ui).map(|_overdue| Exit::Success)
}

/// Prints the drills that are due; a gate for pipelines.
pub(crate) fn drills(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let overdue = list(args, |due| due.address.starts_with("drill."), project, ui)?;
    Ok(if overdue == 0 { Exit::Success } else { Exit::Finding })
}

/// Prints what is due of what is wanted, and says how much is overdue.
fn list(args: &Args, wanted: fn(&Due) -> bool, project: &Project, ui: &Ui) -> Result<usize, Failure> {
    let loaded = planning::load(project, &args.variables, ui)?;
    let now = session::clock(ui)?.now();
    let (system, diagnostics) = plan::system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    let mut all = due(&system);
    all.retain(wanted);
    let until = now.checked_add(args.within).unwrap_or(Timestamp::MAX);
    match ui.format {
        Format::Text => ui.print(&render::text(&all, (now, until), ui.look()))?,
        Format::Json => {
            let lines = Lines::new(&loaded.sources);
            let json = render::json(&all, (now, until), &|span| lines.source(span));
            ui.print(&format!("{json:#}\n"))?;
        }
    }
    Ok(all.iter().filter(|due| due.is_overdue(now)).count())
}
