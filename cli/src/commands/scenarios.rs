//! `drctl scenarios`: what may be lost, how one notices and what was promised. Asks no provider.

use std::fmt::Write as _;

use drctl_core::addr::Name;
use drctl_core::plan;
use drctl_core::recovery::{Loss, Lost, Places, readable};
use drctl_core::system::{Declared, Scenario, System};
use serde_json::{Value as Json, json};

use super::plan::warn;
use crate::case::promised;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kit::KitArgs;
use crate::planning::{self, VariableArgs};
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::palette::Look;
use crate::render::steps::quote;
use crate::render::text::{safe, width, wrap};
use crate::ui::{Format, Ui};

/// Options of `drctl scenarios`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: VariableArgs,
    #[command(flatten)]
    kit: KitArgs,
}

impl Args {
    /// The kit that is worked on.
    pub(crate) fn kit(&self) -> &KitArgs {
        &self.kit
    }
}

/// Evaluates the blocks and lists them.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = planning::load(project, &args.variables, ui)?;
    let (system, diagnostics) = plan::system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    warn(&loaded, diagnostics, ui);
    match ui.format {
        Format::Text => ui.print(&text(&system, ui.look()))?,
        Format::Json => {
            let places = Places::written(&loaded.config, &loaded.variables, &REGISTRY);
            let all: Vec<Json> = system.scenarios.iter().map(|one| object(one, &system, &places)).collect();
            ui.print(&format!("{:#}\n", json!({ "format_version": "1.0", "scenarios": all })))?;
        }
    }
    Ok(Exit::Success)
}

/// All scenarios with what one sees when they happen.
pub(crate) fn text(system: &System, look: Look) -> String {
    if system.scenarios.is_empty() {
        return "No scenario is declared. Plan for a loss with: drctl recover --lose KIND=NAME\n".to_owned();
    }
    let mut text = String::from("Which of these do you see?\n");
    for (name, scenario) in &system.scenarios {
        let scenario = &scenario.is;
        let promises = promises(scenario);
        let line = format!("  {name}   {promises}");
        let _ = match width(&line) <= look.width {
            true => writeln!(text, "\n{line}"),
            false => writeln!(text, "\n  {name}\n{}", wrap("    ", &promises, look.width)),
        };
        for symptom in scenario.symptoms.iter().flatten() {
            let _ = writeln!(text, "{}", wrap("    - ", &safe(symptom), look.width));
        }
        let _ = writeln!(text, "    $ drctl recover --scenario {}", quote(name.as_str()));
    }
    text
}

fn promises(scenario: &Scenario) -> String {
    let lost: Vec<String> =
        scenario.lose.iter().map(|lose| format!("loses {}", safe(&lose.name()))).collect();
    let mut parts = vec![lost.join(", ")];
    let promised = promised(scenario);
    parts.extend(promised.rto.map(|d| format!("RTO {}", readable(d.as_secs()))));
    parts.extend(promised.rpo.map(|d| format!("RPO {}", readable(d.as_secs()))));
    parts.join("   ")
}

fn object((name, scenario): (&Name, &Declared<Scenario>), system: &System, places: &Places<'_>) -> Json {
    let is = &scenario.is;
    let loss = Loss::of(is);
    let hit = Lost::of(&loss, system, places).hit;
    let promised = promised(is);
    json!({
        "name": name,
        "description": is.description,
        "symptoms": is.symptoms.as_deref().unwrap_or_default(),
        "lost": loss.names(),
        "services": hit.services.keys().collect::<Vec<_>>(),
        "datastores": hit.datastores.keys().collect::<Vec<_>>(),
        "rto": {
            "objective_s": promised.rto.map(|d| d.as_secs()),
            "detection_s": is.detection.map(|d| d.as_secs()),
            "estimate_p50_s": is.estimate.or(is.estimate_p95).map(|d| d.as_secs()),
            "estimate_p95_s": is.at_most().map(|d| d.as_secs()),
        },
        "rpo": { "objective_s": promised.rpo.map(|d| d.as_secs()) },
    })
}
