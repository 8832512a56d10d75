//! `drctl kit build`.

use std::path::PathBuf;

use drctl_core::codes::Code;
use drctl_engine::files;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::kit::contents::{self, Program};
use crate::kit::{self, SealingArgs, Signer};
use crate::planning::VariableArgs;
use crate::project::Project;
use crate::render::kit::{Told, json, text};
use crate::ui::{Format, Ui};

/// Options of `drctl kit build`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: VariableArgs,
    /// The file to write; what was there is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Signs with this private key, as `ssh-keygen -t ed25519` makes one
    #[arg(long, value_name = "FILE")]
    sign_key: PathBuf,
    #[command(flatten)]
    sealing: SealingArgs,
    /// Packs this drctl: one for the machine from which one recovers, when that is another than this
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Packs no drctl
    #[arg(long, conflicts_with = "binary")]
    without_binary: bool,
    /// Exits with 6 when something is missing that a recovery needs
    #[arg(long)]
    require_complete: bool,
}

/// Gathers, packs, writes, and says what is in it and what is not.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let signer = Signer::read(&args.sign_key)?;
    let sealing = args.sealing.sealing(ui)?;
    let contents = contents::gather(project, &args.variables, &program(args)?, ui)?;
    let bytes = kit::pack(&contents.entries, &signer, &sealing)?;
    files::replace(&args.out, &bytes).map_err(|error| {
        let headline = format!("The kit cannot be written: {error}");
        Failure::new(Code::Unwritable, headline, "Name a file in a directory you may write to.")
    })?;
    let told = Told {
        file: &args.out,
        bytes: bytes.len(),
        about: &contents.about,
        entries: &contents.entries,
        signed_by: &signer.fingerprint(),
        sealed: sealing.sealed(),
        verified: None,
    };
    match ui.format {
        Format::Text => ui.print(&text(&told, ui.look()))?,
        Format::Json => ui.print(&json(&told))?,
    }
    let is_complete = contents.about.missing.is_empty();
    Ok(if args.require_complete && !is_complete { Exit::Incomplete } else { Exit::Success })
}

fn program(args: &Args) -> Result<Program, Failure> {
    if args.without_binary {
        return Ok(Program::None);
    }
    let own = || {
        std::env::current_exe().map_err(|error| {
            let headline = format!("This drctl cannot be found, to be packed: {error}");
            Failure::new(Code::KitNotBuilt, headline, "Name one with `--binary FILE`.")
        })
    };
    args.binary.clone().map_or_else(own, Ok).map(Program::File)
}
