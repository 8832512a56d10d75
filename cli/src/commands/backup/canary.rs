//! `drctl backup canary NAME`: writes the row with the time that a verification looks for.

use drctl_core::codes::Code;
use serde_json::json;

use super::{help, named, system};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::VariableArgs;
use crate::project::Project;
use crate::render::text::paragraph;
use crate::session;
use crate::tools;
use crate::ui::{Format, Ui};

/// Options of `drctl backup canary`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The backup
    #[arg(value_name = "NAME")]
    backup: String,
    #[command(flatten)]
    variables: VariableArgs,
}

/// Writes it.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let (_, system) = system(&args.variables, project, ui)?;
    let (name, backup) = named(&system, &args.backup)?;
    let host = tools::host(project, ui);
    let written = session::runtime()?.block_on(tools::canary(&host, (name, backup)));
    match written {
        Some(Ok(at)) => {
            match ui.format {
                Format::Text => ui.print(&format!("The canary of backup.{name} is of {at}\n"))?,
                Format::Json => {
                    ui.print_json(&json!({ "format_version": "1.0", "backup": name, "canary": at }))?;
                }
            }
            Ok(Exit::Success)
        }
        Some(Err(error)) => {
            let headline =
                format!("The canary of backup.{name} was not written: {}", paragraph(&error.to_string()));
            Err(Failure::new(Code::BackupFailed, headline, help(&error)))
        }
        None => {
            let help = "Write `canary { … }` with the `database` into the block.";
            Err(Failure::new(Code::BadArgument, format!("backup.{name} has no canary"), help))
        }
    }
}
