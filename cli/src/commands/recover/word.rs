//! `drctl recover mark` and `abort`: what a person says of an open run. Whoever commands it takes the
//! word up; when nobody does, it is taken up by the next `--resume`.

use std::collections::BTreeMap;

use drctl_core::codes::Code;
use drctl_core::plan::StepId;
use drctl_core::run::{Event, Standing, Verdict};
use drctl_engine::journal::Replayed;
use drctl_engine::runs::{Begun, Folder, Of, Stand, stand};
use drctl_engine::typed::{self, Typed};

use super::{elsewhere, open};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::session;
use crate::ui::Ui;

/// Options of `drctl recover mark`.
#[derive(Debug, clap::Args)]
pub(crate) struct MarkArgs {
    /// The number of the step
    #[arg(value_name = "STEP")]
    step: u32,
    #[command(flatten)]
    verdict: VerdictArgs,
    /// What shows it, or why: it stands in the record
    #[arg(long, value_name = "TEXT", visible_alias = "reason", default_value = "")]
    evidence: String,
    /// What the step asks for, as NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE", value_parser = input)]
    input: Vec<(String, String)>,
    /// Which run, when more than one is open
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

/// What is said of a step.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct VerdictArgs {
    /// It is done, or taken back where that was asked
    #[arg(long)]
    done: bool,
    /// It cannot be done, or taken back
    #[arg(long)]
    failed: bool,
    /// It is left out, and what waits for it goes on; needs a reason
    #[arg(long)]
    skip: bool,
    /// It is to be done: approved, or tried again
    #[arg(long)]
    go: bool,
}

/// Options of `drctl recover abort`.
#[derive(Debug, clap::Args)]
pub(crate) struct AbortArgs {
    /// Why: it stands in the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Which run, when more than one is open
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

fn input(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Says what has become of a step.
pub(crate) fn mark(args: &MarkArgs, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let verdict = match (args.verdict.done, args.verdict.failed, args.verdict.skip) {
        (true, _, _) => Verdict::Done,
        (_, true, _) => Verdict::Failed,
        (_, _, true) => Verdict::Skipped,
        (_, _, _) => Verdict::Go,
    };
    if verdict == Verdict::Skipped && args.evidence.trim().is_empty() {
        let help = "It stands in the record: `--reason TEXT`.";
        return Err(Failure::new(Code::BadArgument, "Why is the step left out?", help));
    }
    let inputs: BTreeMap<String, String> = args.input.iter().cloned().collect();
    let word = |by: String| Event::Marked {
        step: StepId(args.step),
        verdict,
        by,
        evidence: args.evidence.clone(),
        inputs,
    };
    say(args.run.as_deref(), word, project, ui)
}

/// Gives a run up.
pub(crate) fn abort(args: &AbortArgs, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    say(args.run.as_deref(), |by| Event::Aborted { by, reason: args.reason.clone() }, project, ui)
}

/// Leaves the word that what a drill made is taken down.
pub(crate) fn take_down(run: &str, project: &Project, ui: &Ui) -> Result<(), Failure> {
    let here = open::named(project, run);
    let (folder, so_far) = here.map_err(|why| elsewhere::told(why, Some(run), project, ui))?;
    if !matches!(so_far.header.of, Of::Drill(_)) {
        let headline = format!("Run {run} is no drill, but a {}", so_far.header.of);
        let help = "What a recovery has brought back is in use. `drctl recover abort` gives an open one up.";
        return Err(Failure::new(Code::WordRefused, headline, help));
    }
    leave((&folder, &so_far), |by| Event::TakeDown { by: Some(by) }, ui)
}

fn say(
    run: Option<&str>,
    word: impl FnOnce(String) -> Event,
    project: &Project,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let here = open::meant(project, run);
    let (folder, so_far) = here.map_err(|why| elsewhere::told(why, run, project, ui))?;
    elsewhere::heard_here(&so_far.header.run, project, ui)?;
    leave((&folder, &so_far), word, ui)?;
    ui.tell(&format!(
        "Said. Whoever commands run {run} takes it up; if nobody does: drctl recover --resume {run}\n",
        run = so_far.header.run
    ));
    Ok(Exit::Success)
}

/// Leaves a word, unless it comes at the wrong time.
fn leave(
    (folder, so_far): (&Folder, &Replayed<Begun>),
    word: impl FnOnce(String) -> Event,
    ui: &Ui,
) -> Result<(), Failure> {
    let clock = session::clock(ui)?;
    let word = word(session::holder(ui, "recover", clock.as_ref()).user);
    asked_for(&word, so_far)?;
    stays_away(&word, so_far)?;
    not_over(&word, so_far)?;
    if let Err(illegal) = so_far.run.clone().record(&word) {
        let run = &so_far.header.run;
        let again = match &word {
            Event::Marked { step, .. } if under_way(so_far, *step) => {
                format!(
                    " If whoever commanded it is gone, `drctl recover --resume {run}` asks about the step."
                )
            }
            _ => String::new(),
        };
        let help = format!("`drctl recover show {run}` says where it stands.{again}");
        return Err(Failure::new(Code::WordRefused, format!("Not now: {illegal}"), help));
    }
    folder.leave_word(clock.now(), &word).map_err(|error| open::unusable(&error))?;
    Ok(())
}

/// Whether the step was begun and nobody has written down that it ended.
fn under_way(so_far: &Replayed<Begun>, step: StepId) -> bool {
    matches!(so_far.run.standing(step), Some(Standing::Running(_) | Standing::Undoing(_)))
}

/// What a recovery has brought back is in use once it is over: it is not taken away by a word that came too
/// late. What a drill has made is.
fn not_over(word: &Event, so_far: &Replayed<Begun>) -> Result<(), Failure> {
    let is_drill = matches!(so_far.header.of, Of::Drill(_));
    if !matches!(word, Event::Aborted { .. }) || is_drill || stand(&so_far.run) == Stand::Open {
        return Ok(());
    }
    let headline = format!("Run {} is over: there is nothing to give up", so_far.header.run);
    let help = "What it brought back is in use. Only what a drill has made is taken away afterwards.";
    Err(Failure::new(Code::WordRefused, headline, help))
}

/// What is typed leads a drill to nothing of production.
fn stays_away(word: &Event, so_far: &Replayed<Begun>) -> Result<(), Failure> {
    let said = typed::said(&so_far.events);
    let Some(Typed { input, step, name }) = typed::reaches(&so_far.header, &said, word) else {
        return Ok(());
    };
    let headline =
        format!("With that `{input}` step {} of {} would touch production", step.0, so_far.header.of);
    let help = match &name.instead {
        Some(instead) => format!("There `{}` is {}; in this drill it is `{instead}`.", name.value, name.of),
        None => format!("`{}` is {}. Type a name of the drill's own.", name.value, name.of),
    };
    Err(Failure::new(Code::DrillTouchesProduction, headline, help))
}

/// What a step asks for is said with it, and nothing else.
fn asked_for(word: &Event, so_far: &Replayed<Begun>) -> Result<(), Failure> {
    let Event::Marked { step, verdict: Verdict::Done | Verdict::Go, inputs, .. } = word else {
        return Ok(());
    };
    let Some(job) = so_far.header.jobs.get(step) else { return Ok(()) };
    if let Some((name, asked)) = job.inputs.iter().find(|(name, _)| !inputs.contains_key(*name)) {
        let headline = format!("Step {} asks for `{name}`", step.0);
        return Err(Failure::new(
            Code::WordRefused,
            headline,
            format!("Say it with `--input {name}=VALUE`: {asked}"),
        ));
    }
    match inputs.keys().find(|name| !job.inputs.contains_key(*name) && *name != "point.id") {
        None => Ok(()),
        Some(name) => {
            let headline = format!("Step {} does not ask for `{name}`", step.0);
            let asked: Vec<&str> = job.inputs.keys().map(String::as_str).collect();
            let help = match asked.as_slice() {
                [] => "It asks for nothing.".to_owned(),
                asked => format!("It asks for {}.", asked.join(", ")),
            };
            Err(Failure::new(Code::WordRefused, headline, help))
        }
    }
}
