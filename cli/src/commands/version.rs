//! `drctl version`.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::ui::{Format, Ui};

/// Version of this drctl.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Options of `drctl version`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints the version.
pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<Exit, Failure> {
    let Args {} = args;
    let platform = format!("{}_{}", std::env::consts::OS, std::env::consts::ARCH);
    let clouds: &[&str] = if cfg!(feature = "aws") { &["aws", "sim"] } else { &["sim"] };
    let text = match ui.format {
        Format::Text => format!("drctl {VERSION} ({platform}; endpoints: {})\n", clouds.join(", ")),
        Format::Json => {
            let json = serde_json::json!({
                "drctl_version": VERSION, "platform": platform, "endpoints": clouds,
            });
            format!("{json:#}\n")
        }
    };
    ui.print(&text)?;
    Ok(Exit::Success)
}
