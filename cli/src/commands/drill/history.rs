//! `drctl drill history`: every drill that was carried out, how it went and what it measured. Made from the
//! records alone; the configuration says what they are of and when they are due.

use drctl_core::due::due;
use drctl_core::plan;
use drctl_engine::runs::Of;

use crate::commands::recover::open;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::{self, VariableArgs};
use crate::project::Project;
use crate::render::history::{self as render, Drilled};
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl drill history`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this drill
    name: Option<String>,
    #[command(flatten)]
    variables: VariableArgs,
}

/// Prints it, the drills of the configuration first.
pub(super) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = planning::load(project, &args.variables, ui)?;
    let now = session::clock(ui)?.now();
    let (system, diagnostics) = plan::system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    let mut runs = Vec::new();
    for (folder, run) in open::all(project)? {
        let run = run.map_err(|error| open::unreadable(&error))?;
        if let Of::Drill(name) = run.header.of.clone() {
            runs.push((name, folder.all_said(&run), run));
        }
    }
    let due = due(&system);
    let mut names: Vec<String> = system.drills.keys().map(ToString::to_string).collect();
    for (name, _, _) in &runs {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    if let Some(wanted) = &args.name {
        if !names.contains(wanted) {
            return Err(super::no_such(wanted, &names.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        names.retain(|name| name == wanted);
    }
    let of = |name: &String| Drilled {
        name: name.clone(),
        drill: system.drills.iter().find(|(n, _)| n.as_str() == name).map(|(_, drill)| &drill.is),
        due: due.iter().find(|due| due.address == format!("drill.{name}")),
        // The newest first: it is what is asked for.
        runs: runs.iter().rev().filter(|(of, _, _)| of == name).map(|(_, said, run)| (said, run)).collect(),
    };
    let all: Vec<Drilled<'_>> = names.iter().map(of).collect();
    match ui.format {
        Format::Text => ui.print(&render::text(&all, now, ui.look()))?,
        Format::Json => ui.print_json(&render::json(&all, now))?,
    }
    Ok(Exit::Success)
}
