//! A run for which a person has a word, and which is not here: where it stands, who commands it, and where to say
//! the word. It is never left in the bucket: who may write there may not lead a run on another machine.

use drctl_core::codes::Code;
use drctl_core::provider::ProviderError;
use drctl_engine::claim::Commander;
use drctl_engine::lock;

use super::open;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::journal_copy::{self, Copied, Far, Found, told_of};
use crate::planning::VariableArgs;
use crate::project::Project;
use crate::render::text::safe;
use crate::session;
use crate::ui::Ui;

/// So many runs are named to choose from: the newest.
const NAMED_MAX: usize = 5;

/// Why the word cannot be said here, where the copy of the journals knows more of that than this machine.
pub(super) fn told(not_here: Failure, run: Option<&str>, project: &Project, ui: &Ui) -> Failure {
    if !open::none_here(project, run) {
        return not_here;
    }
    let Some(far) = journal_copy::open_if_any(project, &VariableArgs::default(), ui) else { return not_here };
    let runtime = match session::runtime() {
        Ok(runtime) => runtime,
        Err(none) => return none,
    };
    runtime.block_on(async {
        match run {
            Some(run) => named(run, &far).await.unwrap_or(not_here),
            None => any(&far, project).await.unwrap_or(not_here),
        }
    })
}

/// Refuses a word that would not be heard: the run stands here too, and another machine commands it.
pub(super) fn heard_here(run: &str, project: &Project, ui: &Ui) -> Result<(), Failure> {
    // Whoever commands from this folder hears it, whatever the bucket says.
    let here = lock::holder_of(&project.recovery_lock()).map_err(|error| open::unusable(&error))?;
    if here.is_some() {
        return Ok(());
    }
    let Some(far) = journal_copy::open_if_any(project, &VariableArgs::default(), ui) else { return Ok(()) };
    match session::runtime()?.block_on(far.commander()) {
        Ok(Commander::Somebody(Some(holder))) if holder.run.as_deref() == Some(run) && !holder.is_gone() => {
            let headline = format!("Run {} is commanded by {}", safe(run), safe(&holder.to_string()));
            let help = format!(
                "It would not be heard there: give the same command on that machine. If it is gone or out of reach for \
                 good: {}",
                take_over(run)
            );
            Err(Failure::new(Code::WordRefused, headline, help).exit(Exit::Locked))
        }
        Ok(Commander::Nobody | Commander::Somebody(_)) => Ok(()),
        Err(error) => {
            told_of(
                &format!("Who commands was not seen: {error}. If another machine does, say it there."),
                ui,
            );
            Ok(())
        }
    }
}

fn take_over(run: &str) -> String {
    format!("`drctl recover --resume {} --take-over` here, and then say it here.", safe(run))
}

/// Of this run; none when there is none.
async fn named(run: &str, far: &Far) -> Option<Failure> {
    let (commander, found) = tokio::join!(far.commander(), far.run(run));
    match found {
        Ok(Found::Run(copied)) => Some(stands(run, &copied, commander, &far.url(run))),
        Ok(Found::Nothing) => None,
        Ok(Found::Unseen(error)) => Some(journal_copy::not_seen(run, &error)),
        Err(damaged) => Some(damaged),
    }
}

/// Of the run that is commanded now, or else of those there are; none when there is none.
async fn any(far: &Far, project: &Project) -> Option<Failure> {
    let commander = far.commander().await;
    if let Ok(Commander::Somebody(Some(holder))) = &commander
        && let Some(run) = &holder.run
    {
        return named(run, far).await;
    }
    let runs = match commander.and(far.only_there(project).await) {
        Ok(runs) => runs,
        Err(error) => {
            let headline = format!("No run is open here, and the copy was not seen: {error}");
            let help = "Try again when the bucket answers, or say it on the machine that commands the run.";
            return Some(Failure::new(Code::NoSuchRun, headline, help));
        }
    };
    let newest: Vec<String> = runs.iter().rev().take(NAMED_MAX).map(|run| safe(run)).collect();
    let help = format!(
        "Only in the copy stand {}. `drctl recover show RUN` shows one, `drctl recover --resume RUN` goes on with it \
         here.",
        newest.join(", ")
    );
    (!newest.is_empty()).then(|| Failure::new(Code::NoSuchRun, "No run is open here", help))
}

/// The run stands in the copy alone.
fn stands(run: &str, copied: &Copied, commander: Result<Commander, ProviderError>, url: &str) -> Failure {
    let run = safe(run);
    if !copied.is_open() {
        let headline = format!("Run {run} is over, and is not here");
        return Failure::new(Code::NoSuchRun, headline, format!("`drctl recover show {run}` shows it."));
    }
    let bring =
        format!("`drctl recover --resume {run}` here brings it and goes on with it; then say it here.");
    let take_over = take_over(&run);
    let help = match commander {
        Err(error) => {
            format!("Who commands it was not seen: {error}. If somebody does, say it there. If not: {bring}")
        }
        Ok(Commander::Nobody) => format!("Nobody commands it. {bring}"),
        Ok(Commander::Somebody(None)) => {
            format!("Somebody commands who has not said who it is. If that machine is gone: {take_over}")
        }
        Ok(Commander::Somebody(Some(holder))) if holder.run.as_deref() == Some(run.as_str()) => format!(
            "It is commanded by {}. Give the same command there. If that machine is gone or out of reach for good: \
             {take_over}",
            safe(&holder.to_string())
        ),
        Ok(Commander::Somebody(Some(holder))) => format!(
            "Nobody commands it, and another run is led: by {}. When that is done: {bring}",
            safe(&holder.to_string())
        ),
    };
    Failure::new(Code::NoSuchRun, format!("Run {run} is not here, but in the copy: {}", safe(url)), help)
}
