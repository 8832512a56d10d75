//! `drctl plan`: what an apply would do, protection first. Changes nothing.

use std::path::{Path, PathBuf};

use drctl_core::codes::Code;
use drctl_core::config::Config;
use drctl_core::diag::Diagnostics;
use serde_json::json;

use super::show::{self, PlanFormat};
use crate::base::{self, Since};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::gates::Gates;
use crate::planfile;
use crate::planning::{self, Gaps, Loaded, PlanningArgs};
use crate::project::Project;
use crate::reading::{self, Reading};
use crate::registry::REGISTRY;
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
    /// Also shows what changes from the configuration in this directory, the base of a pull request;
    /// `--check-protection` looks at that, too
    #[arg(long, value_name = "DIR", conflicts_with = "refresh_only")]
    base: Option<PathBuf>,
    /// With `false`, asks no provider: plans from what was last seen, and says how old that is
    #[arg(long, value_name = "BOOL", default_value = "true", default_missing_value = "true", num_args = 0..=1,
        require_equals = true, action = clap::ArgAction::Set)]
    refresh: bool,
    /// The same from this file, which `drctl snapshot` wrote
    #[arg(long, value_name = "FILE", conflicts_with = "refresh_only")]
    from: Option<PathBuf>,
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
    if !args.refresh && args.planning.refresh_only {
        let headline = "`--refresh=false` and `--refresh-only` contradict each other";
        return Err(Failure::new(Code::BadArgument, headline, "Leave out one of them."));
    }
    let clock = session::clock(ui)?;
    let mut loaded = planning::load(project, &args.planning.variables, ui)?;
    let state = session::load_state(project)?;
    let reading = Reading {
        offline: !args.refresh,
        from: args.from.as_deref(),
        parallelism: args.planning.parallelism,
        gaps: Gaps::Unobserved,
    };
    let observation = reading::read(reading, (&loaded, state.as_ref()), project, &clock, ui)?;
    let observation = observation.into_planning();
    let (plan, diagnostics) = planning::make(&loaded, &observation, state.as_ref(), &args.planning);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    let seen = (&loaded, &observation, state.as_ref());
    let since = match &args.base {
        Some(dir) => Some(base::since(dir, project, seen, (&args.planning, &diagnostics), ui)?),
        None => None,
    };
    let mut all = diagnostics;
    if let Some(Ok(found)) = since.as_ref().map(|s| &s.found) {
        all.extend(found.diagnostics.iter().cloned());
    }
    // What follows needs only the plan and the texts; the rest takes as much room as the plan.
    loaded.config = Config::default();
    drop((observation, state));
    warn(&loaded, all, ui);
    match &since {
        None => show::print(&plan, &REGISTRY, (args.format, &project.dir), ui)?,
        Some(since) => both(since, &View::new(&plan, &REGISTRY), (args.format, &project.dir), ui)?,
    }
    if let Some(path) = &args.out {
        planfile::write(path, &plan)?;
        ui.tell(&format!("Saved to {0}. Apply it with: drctl apply {0}\n", path.display()));
    }
    let view = View::new(&plan, &REGISTRY);
    Ok(match since.as_ref().map(|s| &s.found) {
        None => args.gates.exit(&view),
        Some(Ok(found)) => args.gates.exit_since(&view, &render::base::view(found, &REGISTRY)),
        Some(Err(_)) => args.gates.exit(&view).and(Exit::Error),
    })
}

/// Prints what the pull request does and what an apply does.
fn both(since: &Since, view: &View<'_>, (format, dir): (PlanFormat, &Path), ui: &Ui) -> Result<(), Failure> {
    if let Err(wrong) = &since.found {
        let look = ui.err_look();
        ui.tell(&render::diagnostics::text(&wrong.diagnostics, &wrong.sources, &wrong.hidden, look));
    }
    let format = if ui.format == Format::Json { PlanFormat::Json } else { format };
    let text = match format {
        PlanFormat::Text => render::base::text(since, view, ui.look()),
        PlanFormat::Json => format!("{:#}\n", render::base::json(since, view)),
        PlanFormat::Markdown => render::base::markdown(since, view),
        // Findings are of what is written now, whatever the base was.
        PlanFormat::Sarif => show::sarif(view, dir),
    };
    Ok(ui.print(&text)?)
}

/// Tells warnings, those of the configuration and those of the plan.
pub(crate) fn warn(loaded: &Loaded, diagnostics: Diagnostics, ui: &Ui) {
    let mut all = loaded.diagnostics.clone();
    all.extend(diagnostics);
    if !all.is_empty() {
        ui.tell(&render::diagnostics::text(&all, &loaded.sources, &loaded.hidden, ui.err_look()));
    }
}
