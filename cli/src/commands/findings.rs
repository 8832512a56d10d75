//! `drctl findings`: what is provably wrong with the declared system. Asks no provider.

use clap::ValueEnum;
use drctl_core::findings::{Checked, Placed, Subject, checked, placed};
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
use crate::render::sarif::{self, Report};
use crate::render::{self, junit};
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
    /// How to print them
    #[arg(long, value_enum, default_value = "text")]
    format: FindingsFormat,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FindingsFormat {
    /// For people at a terminal
    Text,
    /// For programs; the same as `--json`
    Json,
    /// For a code host, as SARIF 2.1.0
    Sarif,
    /// For a CI system: what `--fail-on` names, else errors and warnings, are failed checks
    Junit,
}

/// Finds and prints.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = planning::load(project, &args.variables, ui)?;
    let now = session::clock(ui)?.now();
    let (found, checks) = find(&loaded, now)?;
    warn(&loaded, drctl_core::diag::Diagnostics::default(), ui);
    let format = if ui.format == Format::Json { FindingsFormat::Json } else { args.format };
    ui.print(&match format {
        FindingsFormat::Text => render::findings::text(&found, ui.look()),
        FindingsFormat::Json => format!("{:#}\n", render::findings::json(&found, now)),
        FindingsFormat::Sarif => {
            let report = Report::new("findings", &project.dir, sarif::root(&loaded.sources));
            format!("{:#}\n", report.findings(&found).json())
        }
        FindingsFormat::Junit => {
            let least = args.fail_on.unwrap_or(FailOn::Warning);
            junit::xml("findings", &junit::findings(&found, &checks, |f| least.fails(f)), now)
        }
    })?;
    let failed = args.fail_on.is_some_and(|least| found.iter().any(|f| least.fails(f)));
    Ok(if failed { Exit::Finding } else { Exit::Success })
}

/// What is wrong with the system of a configuration, and what its checks say.
fn find(loaded: &Loaded, now: Timestamp) -> Result<(Vec<Placed>, Vec<Checked>), Failure> {
    let (system, diagnostics) = plan::system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    let places = Places::written(&loaded.config, &loaded.variables, &REGISTRY);
    let subject =
        Subject { system: &system, config: &loaded.config, places: &places, spread: crate::threads::spread };
    Ok((placed(&subject, &loaded.sources, now), checked(&system)))
}
