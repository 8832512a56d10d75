//! `drctl validate`: checks the configuration without asking any provider.

use clap::ValueEnum;
use drctl_core::{config, plan};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::load;
use crate::planning;
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::diagnostics;
use crate::render::palette::Tone;
use crate::render::sarif::{self, Report};
use crate::render::text::count;
use crate::ui::{Format, Ui};

/// Options of `drctl validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How to print what is wrong
    #[arg(long, value_enum, default_value = "text")]
    format: ValidateFormat,
}

/// How it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ValidateFormat {
    /// For people at a terminal
    Text,
    /// For programs; the same as `--json`
    Json,
    /// For a code host, as SARIF 2.1.0
    Sarif,
}

/// Checks and says what is wrong.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let (sources, mut found) = load::directory(&project.dir);
    let (config, more) = config::load(&sources, &REGISTRY);
    found.extend(more);
    found.extend(plan::loops(&config));
    let hidden = planning::hidden(&config);
    let format = if ui.format == Format::Json { ValidateFormat::Json } else { args.format };
    match format {
        ValidateFormat::Json => {
            ui.print(&format!("{:#}\n", diagnostics::json(&found, &sources, &hidden)))?;
        }
        ValidateFormat::Sarif => {
            let report = Report::new("validate", &project.dir, sarif::root(&sources));
            ui.print(&format!("{:#}\n", report.diagnostics(&found.clone().sorted(), &sources).json()))?;
        }
        ValidateFormat::Text => {
            ui.tell(&diagnostics::text(&found, &sources, &hidden, ui.err_look()));
            if !found.has_errors() {
                let files = count(sources.iter().count(), "file");
                let text = format!("Valid: {} in {files}.", count(config.resources.len(), "resource"));
                ui.print(&format!("{}\n", ui.look().paint(Tone::Good, &text)))?;
            }
        }
    }
    Ok(if found.has_errors() { Exit::Error } else { Exit::Success })
}
