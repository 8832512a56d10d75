//! `drctl kit open`.

use std::path::PathBuf;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::kit::{self, Place, ReaderArgs};
use crate::render::kit::{Told, json, next, text};
use crate::ui::{Format, Ui};

/// Options of `drctl kit open`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The kit
    #[arg(value_name = "FILE")]
    kit: PathBuf,
    #[command(flatten)]
    reader: ReaderArgs,
    /// The folder to make, for nobody else to read
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Reads, writes all of it or nothing, and says how to go on.
pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let kit = kit::read(&args.kit, &args.reader.reader(ui)?)?;
    Place::keep(&kit, &args.to)?;
    let told = Told::of(&args.kit, &kit);
    match ui.format {
        Format::Text => {
            ui.print(&format!("{}{}", text(&told, ui.look()), next(&args.to, &kit.about, ui.look())))?;
        }
        Format::Json => ui.print(&json(&told))?,
    }
    Ok(Exit::Success)
}
