//! `drctl show`: a saved plan, shown again.

use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use drctl_core::plan::Plan;
use drctl_core::provider::Registry;

use crate::base::Since;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planfile::{self, Saved};
use crate::render::{self, json::PlanJson, view::View};
use crate::ui::{Format, Ui};

/// Bytes of text that are printed at once.
const AT_ONCE: usize = 64 << 10;

/// Options of `drctl show`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The plan, as written by `drctl plan --out`
    #[arg(value_name = "PLANFILE")]
    plan: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: PlanFormat,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people at a terminal
    Text,
    /// For programs; the same as `--json`
    Json,
    /// For a pull request
    Markdown,
    /// Its findings for a code host, as SARIF 2.1.0
    Sarif,
}

/// Prints the plan.
pub(crate) fn run(args: &Args, registry: &Registry, ui: &Ui) -> Result<Exit, Failure> {
    let Saved { plan, since } = planfile::read(&args.plan)?;
    print((&plan, since.as_ref()), registry, (args.format, Path::new("")), ui)?;
    Ok(Exit::Success)
}

/// Prints a plan of the configuration in a folder, in the form asked for, and before it what a pull
/// request does.
pub(crate) fn print(
    (plan, since): (&Plan, Option<&Since>),
    registry: &Registry,
    (format, dir): (PlanFormat, &Path),
    ui: &Ui,
) -> Result<(), Failure> {
    let view = View::new(plan, registry);
    let format = if ui.format == Format::Json { PlanFormat::Json } else { format };
    let text = match (format, since) {
        (PlanFormat::Text, None) => return Ok(print_text(&view, ui)?),
        (PlanFormat::Text, Some(since)) => render::base::text(since, &view, ui.look()),
        (PlanFormat::Json, None) => return Ok(ui.print_json(&PlanJson(&view))?),
        (PlanFormat::Json, Some(since)) => format!("{:#}\n", render::base::json(since, &view)),
        (PlanFormat::Markdown, None) => render::markdown::plan(&view),
        (PlanFormat::Markdown, Some(since)) => render::base::markdown(since, &view),
        // Findings are of what is written now, whatever the base was.
        (PlanFormat::Sarif, _) => sarif(&view, dir),
    };
    Ok(ui.print(&text)?)
}

/// What is found in a plan, as SARIF.
pub(crate) fn sarif(view: &View<'_>, dir: &Path) -> String {
    let findings = &view.plan.findings;
    let files = findings.iter().filter_map(|f| f.span.as_ref()).map(|at| &*at.file);
    let root = files.min().unwrap_or("main.dr.hcl");
    let report = render::sarif::Report::new("plan", dir, root);
    format!("{:#}\n", report.notes(view).findings(findings).json())
}

/// Prints a plan for people, some of it at a time.
fn print_text(view: &View<'_>, ui: &Ui) -> io::Result<()> {
    let mut text = String::new();
    render::plan::pieces(view, ui.look(), |piece| {
        text += &piece;
        if text.len() < AT_ONCE {
            return Ok(());
        }
        let printed = ui.print(&text);
        text.clear();
        printed
    })?;
    ui.print(&text)
}
