//! `drctl graph`: the system as a graph, from services to the places where everything stands. Asks no
//! provider.

use clap::ValueEnum;
use drctl_core::plan::{self, Expanded};
use drctl_core::recovery::{self, Loss};
use serde_json::json;

use super::plan::warn;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::last_world;
use crate::planning::{self, VariableArgs};
use crate::project::Project;
use crate::render::system::{Drawn, dot, mermaid, text};
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl graph`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: VariableArgs,
    /// How to draw it
    #[arg(long, value_enum, default_value = "text")]
    format: GraphFormat,
}

/// How the graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    /// For people: each thing with what it leads to
    Text,
    /// For Graphviz
    Dot,
    /// For Mermaid
    Mermaid,
}

/// Draws it.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = planning::load(project, &args.variables, ui)?;
    let (system, diagnostics) = plan::system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    let clock = session::clock(ui)?;
    let state = session::load_state(project)?;
    let (seen, expanded) = last_world::recall_if_any(&loaded, state.as_ref(), project, clock.as_ref(), ui)?;
    let Expanded { instances, diagnostics, .. } = expanded;
    // Without asking anybody some names may not be known: what they name is left out, and said.
    let mut told = seen.diagnostics.clone();
    for diagnostic in diagnostics.iter() {
        told.push(diagnostic.clone().warning());
    }
    warn(&loaded, told, ui);
    let components = recovery::components(&instances, &seen.world, &Loss::default());
    let drawn = Drawn::of(&system, &components, seen.now);
    let text = match (ui.format, args.format) {
        (Format::Json, _) => {
            let mut json = json!(drawn);
            json["format_version"] = "1.0".into();
            format!("{json:#}\n")
        }
        (Format::Text, GraphFormat::Text) => text(&drawn, ui.look()),
        (Format::Text, GraphFormat::Dot) => dot(&drawn),
        (Format::Text, GraphFormat::Mermaid) => mermaid(&drawn),
    };
    ui.print(&text)?;
    Ok(Exit::Success)
}
