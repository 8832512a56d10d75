//! `drctl backup verify NAME`: proves that a point can be restored from, as far as is asked for.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;
use drctl_core::codes::Code;
use drctl_core::stored::{Level, Verified};
use drctl_engine::backups::{Book, Entry, What};
use serde_json::json;

use super::{around, lock, named, not_ours, simulated, system};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::VariableArgs;
use crate::project::Project;
use crate::render::palette::{Look, Tone};
use crate::render::recovery::shown;
use crate::render::text::{paragraph, safe, wrap};
use crate::session;
use crate::signals::Signals;
use crate::tools::{self, Kept};
use crate::ui::{Format, Ui};

/// Options of `drctl backup verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The backup
    #[arg(value_name = "NAME")]
    backup: String,
    /// Up to which level; without it as far as is declared
    #[arg(long, value_enum, value_name = "LEVEL")]
    level: Option<UpTo>,
    /// The point; without it the newest that is whole
    #[arg(long, value_name = "ID")]
    point: Option<String>,
    /// The folder in which is restored; it needs room for all of the data. What is restored is removed
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    #[command(flatten)]
    variables: VariableArgs,
}

/// The levels; each proves more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum UpTo {
    /// The repository lists it
    Listed,
    /// All of it can be read
    Readable,
    /// Its checksums are right
    Checksum,
    /// It can be restored, and a server comes up on it
    Restores,
    /// The questions of the backup's `verify` blocks are answered as expected
    Queries,
    /// The canary in it is fresh
    Canary,
}

impl UpTo {
    fn level(self) -> Level {
        match self {
            UpTo::Listed => Level::Listed,
            UpTo::Readable => Level::Readable,
            UpTo::Checksum => Level::Checksum,
            UpTo::Restores => Level::Restores,
            UpTo::Queries => Level::Queries,
            UpTo::Canary => Level::Canary,
        }
    }
}

/// Verifies it.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let (loaded, system) = system(&args.variables, project, ui)?;
    let (name, backup) = named(&system, &args.backup)?;
    let around = around(&loaded, &[(name, backup)], project, ui)?;
    let kept = Kept::of(&around, name, backup).map_err(|why| not_ours(name, &why))?;
    let clock = session::clock(ui)?;
    let book = Book::new(&project.data, name.as_str());
    let until = args.level.map_or(Level::Canary, UpTo::level);
    let scratch = args.scratch.clone().unwrap_or_else(|| tools::scratch(&ui.env));
    let verified = session::runtime()?.block_on(async {
        project.make_data()?;
        let _lock = lock(&book, "backup verify", clock.as_ref(), ui).await?;
        let signals = Signals::listen()?;
        let (at, began) = (clock.now(), Instant::now());
        let verified = tokio::select! {
            verified = kept.verify((args.point.as_deref(), until), &scratch, at) => verified,
            () = signals.once() => return Err(Failure::new(
                Code::NotVerified,
                format!("The verification of backup.{name} was interrupted"),
                "What was restored is removed.",
            ).exit(Exit::Interrupted)),
        };
        let entry = Entry {
            at,
            took_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
            by: session::holder(ui, "backup", clock.as_ref()).user,
            what: What::Verified { verified: Box::new(verified.clone()) },
        };
        book.append(&entry).map_err(|e| Failure::new(Code::Unwritable, e.to_string(), "Free the disk."))?;
        Ok(verified)
    })?;
    match ui.format {
        Format::Text => {
            ui.print(&format!("{}{}", simulated(&around), text(name.as_str(), &verified, ui.look())))?;
        }
        Format::Json => ui.print_json(&json!({
            "format_version": "1.0",
            "backup": name,
            "reached": verified.reached(),
            "asked": args.level.map(|level| level.level()),
            "verification": verified,
            "simulated": around.depots.simulated,
        }))?,
    }
    // What was asked for by name is to be reached.
    let missed =
        verified.left_out.iter().find(|_| args.level.is_some_and(|l| verified.reached() < Some(l.level())));
    let failed = verified.failed.as_ref().or(missed);
    match failed {
        None => Ok(Exit::Success),
        Some(failed) => {
            let headline = format!(
                "backup.{name} is not proved to be `{}`: {}",
                failed.level.as_str(),
                paragraph(&failed.why)
            );
            let help = "A backup that was not restored is a hope. `drctl backup list` shows the points; \
                        `--point ID` verifies another one.";
            Err(Failure::new(Code::NotVerified, headline, help).exit(Exit::Objective))
        }
    }
}

fn text(name: &str, verified: &Verified, look: Look) -> String {
    let mut out = match &verified.point {
        Some(point) => {
            format!("backup.{name}: {} {} of {:.0}\n", point.made.as_str(), safe(&point.id), point.began)
        }
        None => format!("backup.{name}\n"),
    };
    for proved in &verified.proved {
        let took = format!("{}.{} s", proved.took_ms / 1_000, proved.took_ms % 1_000 / 100);
        let first = format!("  {} {:<9} {took:>8}  ", "✓", proved.level.as_str());
        let _ = writeln!(out, "{}", wrap(&first, &safe(&proved.said), look.width));
    }
    if let Some(failed) = &verified.failed {
        let first = format!("  {} {:<9} {:>8}  ", "✗", failed.level.as_str(), "FAILED");
        let _ =
            writeln!(out, "{}", look.paint(Tone::Bad, &wrap(&first, &paragraph(&failed.why), look.width)));
    }
    for left in &verified.left_out {
        let first = format!("  – {:<9} {:>8}  ", left.level.as_str(), "");
        let _ = writeln!(out, "{}", wrap(&first, &safe(&left.why), look.width));
    }
    shown(out, look)
}
