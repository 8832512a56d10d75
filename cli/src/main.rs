//! The `drctl` binary: arguments, files and the environment in; printing and an exit code out.
//! Everything that is decided is decided in `drctl-core`, everything that is done is done by
//! `drctl-engine`.

mod args;
mod argv;
mod base;
mod case;
mod commands;
mod connect;
mod depots;
mod exit;
mod failure;
mod gates;
mod journal_copy;
mod kit;
mod last_world;
mod load;
mod planfile;
mod planning;
mod project;
mod provider_block;
mod reading;
mod registry;
mod render;
mod secrets;
mod session;
mod signals;
mod threads;
mod tools;
mod ui;
mod variables;
mod ways;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use args::{Cli, Command};
use exit::Exit;
use failure::{Failure, Reported};
use project::Project;
use ui::{Format, Ui};

/// A plan is made of very many small pieces, made and dropped in turn.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stack of the thread that does the work: deeply nested input is refused long before this is used
/// up, also in debug builds.
const STACK_BYTES: usize = 16 << 20;

fn main() -> ExitCode {
    let work = std::thread::Builder::new().name("drctl".to_owned()).stack_size(STACK_BYTES).spawn(start);
    // A panic has been printed by then; it is a bug and ends as any error.
    work.map_or(Exit::Error, |thread| thread.join().unwrap_or(Exit::Error)).into()
}

fn start() -> Exit {
    let env: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
        .collect();
    let args: Vec<OsString> = std::env::args_os().collect();
    let mut ui = Ui::new(env);
    let cli = match parse(args, &mut ui) {
        Ok(cli) => cli,
        Err(exit) => return exit,
    };
    if cli.global.no_color {
        ui.without_colours();
    }
    if cli.global.json {
        ui.format = Format::Json;
    }
    match dispatch(&cli, &mut ui) {
        Ok(exit) => exit,
        Err(failure) => report(failure, &ui),
    }
}

/// Parses the arguments. Usage errors end with 1: clap's own 2 would read as "changes present".
fn parse(args: Vec<OsString>, ui: &mut Ui) -> Result<Cli, Exit> {
    let command = Cli::command();
    let args = match argv::normalise(args, &ui.env, &command) {
        Ok(args) => args,
        Err(why) => {
            ui.tell(&format!("error: {why}\n"));
            return Err(Exit::Error);
        }
    };
    let matches = command.try_get_matches_from(args).and_then(|m| Cli::from_arg_matches(&m));
    matches.map_err(|error| {
        let text = error.render().to_string();
        if error.use_stderr() {
            ui.tell(&text);
            return Exit::Error;
        }
        match ui.print(&text) {
            Ok(()) => Exit::Success,
            Err(_) => Exit::Error,
        }
    })
}

fn dispatch(cli: &Cli, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut project = Project::new(cli.global.chdir.as_deref(), &ui.env);
    let place = cli.command.kit().map(|args| args.open(ui)).transpose()?.flatten();
    if let Some(place) = &place {
        project = place.project(&ui.env);
    }
    match &cli.command {
        Command::Validate(args) => commands::validate::run(args, &project, ui),
        Command::Plan(args) => commands::plan::run(args, &project, ui),
        Command::Apply(args) => commands::apply::run(args, &project, ui),
        Command::Show(args) => commands::show::run(args, &registry::REGISTRY, ui),
        Command::Recover(args) => commands::recover::run(args, &project, ui),
        Command::Points(args) => commands::points::run(args, &project, ui),
        Command::Ready(args) => commands::ready::run(args, &project, ui),
        Command::Scenarios(args) => commands::scenarios::run(args, &project, ui),
        Command::Snapshot(args) => commands::snapshot::run(args, &project, ui),
        Command::Matrix(args) => commands::objectives::matrix(args, &project, ui),
        Command::Explain(args) => commands::explain::run(args, &project, ui),
        Command::Advise(args) => commands::advise::run(args, &project, ui),
        Command::Timeline(args) => commands::timeline::run(args, &project, ui),
        Command::Backup(args) => commands::backup::run(args, &project, ui),
        Command::Backups(args) => commands::backups::run(args, &project, ui),
        Command::Alerts(args) => commands::alerts::run(args, &project, ui),
        Command::Drill(args) => commands::drill::run(args, &project, ui),
        Command::Due(args) => commands::due::run(args, &project, ui),
        Command::Graph(args) => commands::graph::run(args, &project, ui),
        Command::Findings(args) => commands::findings::run(args, &project, ui),
        Command::Kinds(args) => commands::kinds::run(args, &registry::REGISTRY, ui),
        Command::Import(args) => commands::import::run(args, &project, ui),
        Command::Kit(args) => commands::kit::run(args, &project, ui),
        Command::State(args) => commands::state::run(args, &project, ui),
        Command::Sim(args) => commands::sim::run(args, &project, ui),
        Command::Schema(args) => commands::schema::run(args, ui),
        Command::Version(args) => commands::version::run(args, ui),
    }
}

/// Prints why a command stopped.
pub(crate) fn report(failure: Failure, ui: &Ui) -> Exit {
    match failure {
        Failure::Diagnostics(reported) => {
            let Reported { diagnostics, sources, hidden, exit } = *reported;
            ui.tell(&render::diagnostics::text(&diagnostics, &sources, &hidden, ui.err_look()));
            exit
        }
        Failure::Output(error) => {
            ui.tell(&format!("error: the answer could not be written: {error}\n"));
            Exit::Error
        }
    }
}
