//! `drctl recover runs` and `show RUN`: the record of what was done.

use drctl_core::codes::Code;
use drctl_engine::journal::Replayed;
use drctl_engine::runs::{Begun, Folder};
use drctl_engine::said::Said;

use super::home::{self, What};
use super::{RecoveryFormat, follow, open};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::journal_copy::{self, Found, told_of};
use crate::planning::VariableArgs;
use crate::project::Project;
use crate::render::record;
use crate::session;
use crate::ui::{Format, Ui};
use crate::ways::WayArgs;

/// Options of `drctl recover show`.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// The run
    #[arg(value_name = "RUN")]
    run: String,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: RecordFormat,
    /// Prints how the configuration follows the run, as a diff for `patch` or `git apply`
    #[arg(long)]
    patch: bool,
    /// Shows the way home of what came back elsewhere: a plan, made for now and carried out by people. With
    /// `--patch`, what has to be declared for it
    #[arg(long)]
    failback: bool,
    #[command(flatten)]
    ways: WayArgs,
}

/// How the record of a run is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RecordFormat {
    /// For people at a terminal
    Text,
    /// For programs; the same as `--json`
    Json,
    /// The incident's record in Markdown: times, timeline, what each step took
    Md,
    /// Each step, objective and what is left of a drill as a test in JUnit XML, for CI systems
    Junit,
}

impl RecordFormat {
    /// The same for a plan, which has no tests.
    fn of_plan(self) -> Result<RecoveryFormat, Failure> {
        match self {
            RecordFormat::Text => Ok(RecoveryFormat::Text),
            RecordFormat::Json => Ok(RecoveryFormat::Json),
            RecordFormat::Md => Ok(RecoveryFormat::Md),
            RecordFormat::Junit => {
                let help = "Leave out `--failback`, or take `--format text`, `json` or `md`.";
                Err(Failure::new(Code::BadArgument, "A plan of the way home has no form in JUnit", help))
            }
        }
    }
}

/// Lists the runs.
pub(crate) fn list(project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let runs = open::all(project)?;
    let there = match journal_copy::open_if_any(project, &VariableArgs::default(), ui) {
        None => Vec::new(),
        Some(far) => session::runtime()?.block_on(far.only_there(project)).unwrap_or_else(|error| {
            told_of(&format!("The copy of the journals was not seen: {error}. There may be more runs."), ui);
            Vec::new()
        }),
    };
    match ui.format {
        Format::Text => ui.print(&record::list(&runs, &there, ui.look()))?,
        Format::Json => ui.print_json(&record::list_json(&runs, &there))?,
    }
    Ok(Exit::Success)
}

/// Shows one run.
pub(crate) fn show(args: &ShowArgs, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let (said, run) = found(args, project, ui)?;
    let format = if ui.format == Format::Json { RecordFormat::Json } else { args.format };
    if args.failback {
        let what = match args.patch {
            true => What::Patch,
            false => What::Plan(format.of_plan()?),
        };
        return home::show(&run.header, what, (project, &args.ways), ui);
    }
    if args.patch {
        return follow::show(&run, project, ui);
    }
    let begun = &run.header;
    match format {
        RecordFormat::Text => ui.print(&record::text(&run, &said, ui.look()))?,
        RecordFormat::Json => ui.print_json(&record::json(&run, &said))?,
        RecordFormat::Md => {
            let all = open::all(project)?;
            let of_it = |run: &&Replayed<Begun>| run.header.of == begun.of && run.header.began < begun.began;
            let earlier = all.iter().filter_map(|(folder, run)| Some((folder, run.as_ref().ok()?)));
            let earlier = earlier.filter(|(_, run)| of_it(run));
            let earlier: Vec<_> = earlier.map(|(folder, run)| (folder.all_said(run), run)).collect();
            ui.print(&record::markdown(&run, &said, &earlier))?
        }
        RecordFormat::Junit => ui.print(&record::junit(&run, &said))?,
    }
    Ok(Exit::Success)
}

/// The run that is here, or else as it was copied: to look at it nothing is written here.
fn found(args: &ShowArgs, project: &Project, ui: &Ui) -> Result<(Said, Replayed<Begun>), Failure> {
    if !Folder::new(&project.data, &args.run).journal().exists()
        && let Some(far) = journal_copy::open_if_any(project, args.ways.variables(), ui)
    {
        let runtime = session::runtime()?;
        match runtime.block_on(far.run(&args.run))? {
            Found::Run(copied) => {
                match runtime.block_on(far.cut_off(&copied)) {
                    Ok(None) => {}
                    Ok(Some(lacks)) => told_of(&format!("THE COPY IS NOT WHOLE: {lacks}."), ui),
                    Err(error) => told_of(&format!("Whether the copy is whole was not seen: {error}."), ui),
                }
                let said = runtime.block_on(far.said(&copied));
                let (run, until) = copied.into_run();
                told_of(&format!("From the copy {}, {until}", far.url(&args.run)), ui);
                return Ok((said, run));
            }
            Found::Nothing => {}
            Found::Unseen(error) => return Err(journal_copy::not_seen(&args.run, &error)),
        }
    }
    let (folder, run) = open::named(project, &args.run)?;
    Ok((folder.all_said(&run), run))
}
