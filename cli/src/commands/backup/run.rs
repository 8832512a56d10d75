//! `drctl backup run NAME`: makes a backup, and writes down how long it took.

use std::cell::Cell;
use std::time::Instant;

use clap::ValueEnum;
use drctl_core::codes::Code;
use drctl_core::duration;
use drctl_core::stored::{Made, Stored};
use drctl_engine::backups::{Book, Entry, What};
use drctl_engine::clock::Clock;
use drctl_postgres::Expired;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::applied;
use super::{around, help, lock, named, not_ours, simulated, system};
use crate::commands::alerts;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::VariableArgs;
use crate::project::Project;
use crate::render::text::{bytes, paragraph, safe_lines, wrap};
use crate::session;
use crate::signals::Signals;
use crate::tools::{self, Kept};
use crate::ui::{Format, Ui};

/// Options of `drctl backup run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The backup
    #[arg(value_name = "NAME")]
    backup: String,
    /// The type; without it the one that is due by its schedules
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    kind: Option<Kind>,
    #[command(flatten)]
    variables: VariableArgs,
}

/// The types of pgBackRest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Everything
    Full,
    /// What changed since the last full one
    Diff,
    /// What changed since the last one of any type
    Incr,
}

impl Kind {
    fn made(self) -> Made {
        match self {
            Kind::Full => Made::Full,
            Kind::Diff => Made::Differential,
            Kind::Incr => Made::Incremental,
        }
    }
}

/// What was done.
struct Done {
    point: Stored,
    took: SignedDuration,
    canary: Option<Timestamp>,
    expired: Expired,
}

/// The line that a run leaves in the record, whatever becomes of it.
struct Line<'b> {
    book: &'b Book,
    at: Timestamp,
    began: Instant,
    by: String,
    /// Of which type it is to be, once that is known.
    made: Cell<Option<Made>>,
    written: Cell<bool>,
}

impl<'b> Line<'b> {
    fn begin(book: &'b Book, clock: &dyn Clock, ui: &Ui) -> Line<'b> {
        let by = session::holder(ui, "backup", clock).user;
        let (at, began) = (clock.now(), Instant::now());
        Line { book, at, began, by, made: Cell::new(None), written: Cell::new(false) }
    }

    fn write(&self, what: What) -> Result<(), Failure> {
        let took_ms = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let entry = Entry { at: self.at, took_ms, by: self.by.clone(), what };
        self.book.append(&entry).map_err(|error| {
            let help = "The backup itself is not harmed. Correct the permissions, or free the disk.";
            Failure::new(Code::Unwritable, error.to_string(), help)
        })?;
        self.written.set(true);
        Ok(())
    }

    fn not_made(&self, error: String) -> Result<(), Failure> {
        self.write(What::NotMade { made: self.made.get().unwrap_or(Made::Full), error })
    }
}

/// Makes it.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let (loaded, system) = system(&args.variables, project, ui)?;
    let (name, declared) = named(&system, &args.backup)?;
    let (backup, unapplied) = applied::made(&loaded, (name, declared), project, ui)?;
    let backup = &backup;
    for told in unapplied {
        ui.tell(&format!("{}\n", wrap(&format!("backup.{name}: "), &paragraph(&told), ui.look().width)));
    }
    let around = around(&loaded, &[(name, backup)], project, ui)?;
    let kept = Kept::of(&around, name, backup).map_err(|why| not_ours(name, &why))?;
    if args.kind.is_some() && backup.pgbackrest.is_none() {
        let help = "Leave `--type` out: only pgBackRest has types.";
        return Err(Failure::new(Code::BadArgument, format!("backup.{name} has no types"), help));
    }
    let clock = session::clock(ui)?;
    let book = Book::new(&project.data, name.as_str());
    let done = session::runtime()?.block_on(async {
        project.make_data()?;
        let _lock = lock(&book, "backup run", clock.as_ref(), ui).await?;
        let signals = Signals::listen()?;
        let line = Line::begin(&book, clock.as_ref(), ui);
        tokio::select! {
            // A supervisor stops the tool as well: that is no failure of the tool.
            biased;
            () = signals.once() => {}
            done = make(&kept, args.kind, &line, (&around.host, ui)) => return done,
        }
        Err(interrupted(&kept, &line).await)
    });
    // Whatever became of it: those who wait for that are told at once, and a dead channel is no reason to fail.
    if !system.alerts.is_empty()
        && let Err(failure) = alerts::made(&system, name, project, clock.now(), ui)
    {
        crate::report(failure, ui);
    }
    let done = done?;
    match ui.format {
        Format::Text => ui.print(&format!("{}{}", simulated(&around), text(name.as_str(), &done)))?,
        Format::Json => ui.print_json(&json!({
            "format_version": "1.0",
            "backup": name,
            "point": done.point,
            "took_ms": done.took.as_millis(),
            "canary": done.canary,
            "removed": done.expired.removed,
            "locked": done.expired.locked.iter().map(|(id, until)| json!({ "id": id, "until": until })).collect::<Vec<_>>(),
            "simulated": around.depots.simulated,
        }))?,
    }
    Ok(Exit::Success)
}

/// What is left of it is thrown away. The record comes first: for that there may be no time.
async fn interrupted(kept: &Kept<'_>, line: &Line<'_>) -> Failure {
    let name = kept.name;
    if line.written.get() {
        let headline = format!("backup.{name} was made; removing what is too old was interrupted");
        let help = "The next run removes it.";
        return Failure::new(Code::BackupFailed, headline, help).exit(Exit::Interrupted);
    }
    let written = line.not_made("it was interrupted".to_owned());
    kept.sweep().await;
    let headline = format!("backup.{name} was interrupted: no backup was made");
    let help = "What was begun does not count as a backup, and is removed by the next run.";
    written.err().unwrap_or_else(|| Failure::new(Code::BackupFailed, headline, help)).exit(Exit::Interrupted)
}

async fn make(
    kept: &Kept<'_>,
    kind: Option<Kind>,
    line: &Line<'_>,
    (host, ui): (&drctl_host::Host, &Ui),
) -> Result<Done, Failure> {
    let at = line.at;
    // A backup is worth more than its canary: without it the backup is made all the same.
    let canary = match tools::canary(host, (kept.name, kept.backup)).await {
        None => None,
        Some(Ok(at)) => Some(at),
        Some(Err(error)) => {
            ui.tell(&format!("The canary was not written: {}\n", paragraph(&error.to_string())));
            None
        }
    };
    let made = match kind {
        Some(kind) => Ok(kind.made()),
        None => kept.list().await.map(|points| kept.due(&points, at)),
    };
    let result = match &made {
        Ok(made) => {
            line.made.set(Some(*made));
            kept.make(*made, at).await
        }
        Err(error) => Err(error.clone()),
    };
    let point = match result {
        Ok(point) => point,
        Err(error) => {
            let text = error.to_string();
            line.not_made(text.clone())?;
            let headline = format!("backup.{} was not made: {}", kept.name, paragraph(&text));
            return Err(Failure::new(Code::BackupFailed, headline, help(&error)));
        }
    };
    let took = SignedDuration::try_from(line.began.elapsed()).unwrap_or(SignedDuration::MAX);
    line.write(What::Made { made: point.made, point: point.clone(), canary })?;
    // Only now: what is there is better than nothing, until there is something newer.
    let expired = kept.expire(at).await.map_err(|error| {
        let headline = format!(
            "backup.{} was made; what is too old was not removed: {}",
            kept.name,
            paragraph(&error.to_string())
        );
        Failure::new(Code::BackupFailed, headline, help(&error))
    })?;
    Ok(Done { point, took, canary, expired })
}

fn text(name: &str, done: &Done) -> String {
    let Done { point, took, canary, expired } = done;
    let seconds = SignedDuration::from_secs(took.as_secs().max(1));
    let size = point.bytes.map_or_else(String::new, |size| format!(", {} of data", bytes(size)));
    let own = point.stored_bytes.filter(|own| Some(*own) != point.bytes);
    let own = own.map_or_else(String::new, |own| format!(", {} more in the repository", bytes(own)));
    let mut text = format!(
        "backup.{name} is made: {} {}, in {}{size}{own}\n",
        point.made.as_str(),
        point.id,
        duration::text(seconds)
    );
    if let Some(at) = canary {
        text += &format!("  its canary is of {at:.0}\n");
    }
    if let Some(until) = point.locked_until {
        text += &format!("  it is locked until {until:.0}\n");
    }
    for id in &expired.removed {
        text += &format!("  removed, for it was too old: {id}\n");
    }
    for (id, until) in &expired.locked {
        text += &format!("  too old, and locked until {until:.0}: {id}\n");
    }
    safe_lines(&text)
}
