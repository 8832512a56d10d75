//! `drctl plan`: what an apply would do, protection first. Changes nothing.

use std::path::PathBuf;

use drctl_core::codes::Code;
use drctl_core::config::Config;
use drctl_core::diag::Diagnostics;
use serde_json::{Value as Json, json};

use super::show::{self, PlanFormat};
use crate::base::{self, Found, Since};
use crate::exit::Exit;
use crate::failure::{Failure, Reported};
use crate::gates::Gates;
use crate::last_world::Memory;
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
    /// Also shows what changes from the configuration in this directory, the base of a pull request, or
    /// from that of this saved plan; `--check-protection` looks at that, too
    #[arg(long, value_name = "DIR|PLAN", conflicts_with = "refresh_only")]
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
    planned(args, project, ui).or_else(|Stopped { failure, since }| {
        let format = if ui.format == Format::Json { PlanFormat::Json } else { args.format };
        match (&failure, format, since) {
            (Failure::Diagnostics(reported), PlanFormat::Json, since)
                if since.is_some() || ui.format == Format::Json =>
            {
                ui.print(&format!("{:#}\n", errored(reported, since.as_ref())))?;
            }
            (_, PlanFormat::Text, Some(since)) => {
                ui.print(&render::base::text_alone(&since, &REGISTRY, ui.look()))?;
            }
            (_, PlanFormat::Markdown, Some(since)) => {
                ui.print(&render::base::markdown_alone(&since, &REGISTRY))?;
            }
            (_, PlanFormat::Json | PlanFormat::Sarif, _)
            | (_, PlanFormat::Text | PlanFormat::Markdown, None) => {}
        }
        Err(failure)
    })
}

/// Why there is no plan, with what the pull request does all the same.
struct Stopped {
    failure: Failure,
    since: Option<Since>,
}

impl<F: Into<Failure>> From<F> for Stopped {
    fn from(failure: F) -> Stopped {
        Stopped { failure: failure.into(), since: None }
    }
}

/// For programs: that there is no plan, and why.
fn errored(reported: &Reported, since: Option<&Since>) -> Json {
    let found = render::diagnostics::list(&reported.diagnostics, &reported.sources, &reported.hidden);
    let mut json = json!({
        "format_version": "1.0", "errored": true, "applyable": false, "complete": false,
        "diagnostics": found,
    });
    if let Some(since) = since {
        json["drctl"] = json!({ "base": render::base::part(since, &REGISTRY) });
    }
    json
}

fn planned(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Stopped> {
    if !args.refresh && args.planning.refresh_only {
        let headline = "`--refresh=false` and `--refresh-only` contradict each other";
        return Err(Failure::new(Code::BadArgument, headline, "Leave out one of them.").into());
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
    let (mut observation, expanded) = reading::read(reading, (&loaded, state.as_ref()), project, &clock, ui)?;
    // What was kept, and what stands in the expanded configuration, takes as much room as a plan.
    observation.memory = Memory::default();
    if args.base.is_none() {
        loaded.config.forget_expanded();
    }
    let seen = (&observation, expanded);
    let (plan, diagnostics) = planning::make(&loaded, seen, state.as_ref(), &args.planning);
    let seen = (&loaded, &observation, state.as_ref());
    let since = match &args.base {
        Some(base) => Some(base::since(base, project, seen, (&args.planning, &diagnostics), ui)?),
        None => None,
    };
    if diagnostics.has_errors() {
        return Err(Stopped { failure: loaded.failure(diagnostics), since });
    }
    let mut all = diagnostics;
    if let Some(found) = since.as_ref().and_then(Since::compared) {
        all.extend(found.diagnostics.iter().cloned());
    }
    // What follows needs only the plan and the texts; the rest takes as much room as the plan.
    loaded.config = Config::default();
    drop((observation, state));
    warn(&loaded, all, ui);
    show::print((&plan, since.as_ref()), &REGISTRY, (args.format, &project.dir), ui)?;
    if let Some(path) = &args.out {
        planfile::write(path, &plan, since.as_ref())?;
        ui.tell(&format!("Saved to {0}. Apply it with: drctl apply {0}\n", path.display()));
    }
    let view = View::new(&plan, &REGISTRY);
    Ok(match since.as_ref().map(|s| &s.found) {
        None => args.gates.exit(&view),
        Some(Found::Compared(found)) => args.gates.exit_since(&view, &render::base::view(found, &REGISTRY)),
        Some(Found::Errored(_)) => args.gates.exit(&view).and(Exit::Error),
    })
}

/// Tells warnings, those of the configuration and those of the plan.
pub(crate) fn warn(loaded: &Loaded, diagnostics: Diagnostics, ui: &Ui) {
    let mut all = loaded.diagnostics.clone();
    all.extend(diagnostics);
    if !all.is_empty() {
        ui.tell(&render::diagnostics::text(&all, &loaded.sources, &loaded.hidden, ui.err_look()));
    }
}
