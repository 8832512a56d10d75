//! `drctl kit`: makes, opens and verifies kits, the one file from which a recovery is planned when nothing
//! can be reached.

mod build;
mod open;
mod verify;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::ui::Ui;

/// Options of `drctl kit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

/// What is done with kits.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Packs configuration, last observed world, runbooks, contacts and drctl; asks no provider
    Build(build::Args),
    /// Verifies a kit and puts what is in it into a new folder
    Open(open::Args),
    /// Says whether a kit is whole, signed, and still good for a recovery
    Verify(verify::Args),
}

/// Does what is asked for.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::Build(args) => build::run(args, project, ui),
        Verb::Open(args) => open::run(args, ui),
        Verb::Verify(args) => verify::run(args, ui),
    }
}
