//! The copy of the journals in a bucket, as the `drctl` block names it: where runs are copied to, who commands
//! over all machines, and what another machine has begun. It is asked for a moment and never waited for.

mod silence;

use std::path::Path;
use std::sync::Arc;

use drctl_aws::objects::Prefixed;
use drctl_aws::port::Cloud;
use drctl_core::codes::Code;
use drctl_core::objects::{Objects, Put, When};
use drctl_core::provider::{BoxFuture, ProviderError};
use drctl_core::system::JournalCopy;
use drctl_engine::claim::{self, Claim, Claimed, Commander, LOCK_KEY, TakeOver};
use drctl_engine::clock::Clock;
use drctl_engine::connect::Connect;
use drctl_engine::journal::{self, Replayed};
use drctl_engine::journal_copy::{self, Beside, beside};
use drctl_engine::lock::{Holder, LockError};
use drctl_engine::runs::{Begun, Folder, Stand, stand};
use drctl_engine::said::{self, Said};
use tokio::runtime::Runtime;

use self::silence::{Silence, is_silent};
use crate::commands::recover::open as open_run;
use crate::connect::Connector;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::load;
use crate::planning::{self, VariableArgs};
use crate::project::Project;
use crate::render::text::{safe, wrap};
use crate::session;
use crate::ui::Ui;

/// Calls in flight. Only what steps said is asked for together.
const IN_FLIGHT: usize = 8;

/// So many runs are listed: more than anybody makes in years.
const RUNS_MAX: usize = 10_000;

/// The bucket, as it is reached.
pub(crate) struct Far {
    /// What is in it.
    pub(crate) objects: Arc<dyn Objects>,
    copy: JournalCopy,
    silence: Arc<Silence>,
    /// Asks it while something else is done. Its connections live as long.
    asking: Option<Runtime>,
}

impl Drop for Far {
    fn drop(&mut self) {
        if let Some(asking) = self.asking.take() {
            asking.shutdown_background();
        }
    }
}

/// A run that stands in the copy.
pub(crate) struct Copied {
    text: Vec<u8>,
    run: Replayed<Begun>,
}

/// The copy that the configuration names; none when it names none.
pub(crate) fn open(project: &Project, variables: &VariableArgs, ui: &Ui) -> Result<Option<Far>, Failure> {
    let sources = load::directory(&project.dir).0;
    // Most configurations have none: those need not be read for it.
    if !sources.iter().any(|(_, file)| file.text.contains("journal_copy")) {
        return Ok(None);
    }
    let loaded = planning::load(project, variables, ui)?;
    let Some(copy) = loaded.config.settings.own.journal.clone() else { return Ok(None) };
    let mut configurations = planning::provider_blocks(&loaded)?;
    let (provider, _) = &copy.provider;
    let values = configurations.entry(provider.clone()).or_default().clone();
    configurations.retain(|other, _| other == provider);
    let connector = Connector::new(project, &configurations, IN_FLIGHT, ui)?;
    let (runtime, silence) = (session::runtime()?, Arc::<Silence>::default());
    let opened = runtime.block_on(silence.within(connector.open(provider, &values)));
    let objects: Arc<dyn Objects> = match opened {
        Ok(opened) => {
            let cloud: &Cloud = opened.cloud.downcast_ref().expect("what keeps objects is AWS's port");
            Arc::new(Prefixed::new(Arc::clone(cloud), copy.bucket.clone(), copy.prefix.clone()))
        }
        Err(error) => Arc::new(Unreached(error)),
    };
    Ok(Some(Far { objects, copy, silence, asking: Some(runtime) }))
}

/// The same for what is to be carried out: it is asked from now on, so that one that says nothing has been waited
/// for when its answer is needed.
pub(crate) fn asked(project: &Project, variables: &VariableArgs, ui: &Ui) -> Result<Option<Far>, Failure> {
    let far = open(project, variables, ui)?;
    if let Some(Far { objects, silence, asking: Some(asking), .. }) = &far {
        asking.spawn(Arc::clone(silence).until_broken(Arc::clone(objects)));
    }
    Ok(far)
}

/// The same where a run can be looked at without it: what keeps it from being asked is told.
pub(crate) fn open_if_any(project: &Project, variables: &VariableArgs, ui: &Ui) -> Option<Far> {
    open(project, variables, ui).unwrap_or_else(|why| not_asked(&why, ui))
}

/// The same for a run that is gone on with.
pub(crate) fn asked_if_any(project: &Project, variables: &VariableArgs, ui: &Ui) -> Option<Far> {
    asked(project, variables, ui).unwrap_or_else(|why| not_asked(&why, ui))
}

fn not_asked(why: &Failure, ui: &Ui) -> Option<Far> {
    told_of(&format!("The copy of the journals was not asked: {}.", why.headline()), ui);
    None
}

/// Says something that is no result.
pub(crate) fn told_of(text: &str, ui: &Ui) {
    ui.tell(&format!("{}\n", wrap("", &safe(text), ui.err_look().width)));
}

/// What the copy has of a run.
pub(crate) enum Found {
    /// This.
    Run(Box<Copied>),
    /// Nothing.
    Nothing,
    /// It was not seen.
    Unseen(ProviderError),
}

impl Far {
    /// Where the journal of a run is, for people.
    pub(crate) fn url(&self, run: &str) -> String {
        self.copy.url(&journal_copy::key(run))
    }

    /// The runs that stand in it and not here.
    pub(crate) async fn only_there(&self, project: &Project) -> Result<Vec<String>, ProviderError> {
        let keys = self.silence.within(self.objects.keys(journal_copy::RUNS, RUNS_MAX)).await?;
        let runs = keys.iter().filter_map(|key| journal_copy::run_of(key));
        let is_here = |run: &&str| Folder::new(&project.data, run).journal().exists();
        Ok(runs.filter(|run| !is_here(run)).map(str::to_owned).collect())
    }

    /// The run as it was copied. What is damaged is refused.
    pub(crate) async fn run(&self, name: &str) -> Result<Found, Failure> {
        let text = match self.silence.within(journal_copy::fetch(self.objects.as_ref(), name)).await {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(Found::Nothing),
            Err(error) => return Ok(Found::Unseen(error)),
        };
        let run = journal::replay_text(Path::new(&self.url(name)), &text).map_err(|error| damaged(&error))?;
        Ok(run.map_or(Found::Nothing, |run| Found::Run(Box::new(Copied { text, run }))))
    }

    /// Who commands over all machines.
    pub(crate) async fn commander(&self) -> Result<Commander, ProviderError> {
        self.silence.within(claim::commander(self.objects.as_ref())).await
    }

    /// What the steps of a copied run said, as far as it is seen within a moment.
    pub(crate) async fn said(&self, Copied { text, run }: &Copied) -> Said {
        let all = Said::copied(self.objects.as_ref(), (&run.header.run, text), |key| self.copy.url(key));
        self.silence
            .within(async { Ok(all.await) })
            .await
            .unwrap_or_else(|error| Said::not_seen(text, &error))
    }

    /// Brings a run here, where the copy has more of it than this machine. What is whole here is gone on with
    /// whatever becomes of the copy.
    pub(crate) async fn bring(&self, name: &str, project: &Project, ui: &Ui) -> Result<(), Failure> {
        let folder = Folder::new(&project.data, name);
        let here = std::fs::read(folder.journal()).ok();
        let copied = match (self.run(name).await, &here) {
            (Ok(Found::Run(copied)), _) => copied,
            (Ok(Found::Nothing), _) => return Ok(()),
            (Ok(Found::Unseen(error)), Some(_)) => {
                told_of(
                    &format!(
                        "The copy of the journal was not seen: {error}. Go on only if no other machine has gone on \
                         with this run."
                    ),
                    ui,
                );
                return Ok(());
            }
            (Ok(Found::Unseen(error)), None) => return Err(not_seen(name, &error)),
            (Err(damaged), Some(_)) => {
                told_of(&format!("{}. The journal here is whole.", damaged.headline()), ui);
                return Ok(());
            }
            (Err(damaged), None) => return Err(damaged),
        };
        let url = self.url(name);
        let told = match here.as_deref().map(|here| beside(here, &copied.text)) {
            Some(Beside::Behind) => return Ok(()),
            Some(Beside::Apart) => return Err(apart(name, &url)),
            Some(Beside::Ahead) => "Another machine has gone on with it: its journal is taken from",
            None => "It was begun on another machine: its journal is taken from",
        };
        self.whole(&copied, ui).await?;
        folder.adopt(&copied.text).map_err(|error| open_run::unusable(&error))?;
        told_of(&format!("{told} {url}, {}", until(&copied.run)), ui);
        Ok(())
    }

    /// Refuses a copy that lacks what is known to be done: it would be done again.
    async fn whole(&self, copied: &Copied, ui: &Ui) -> Result<(), Failure> {
        let name = safe(&copied.run.header.run);
        match self.cut_off(copied).await {
            Ok(None) => Ok(()),
            Ok(Some(lacks)) => {
                let url = self.url(&copied.run.header.run);
                let help = format!(
                    "Bring back the version of {} that has that line, or go on where the whole journal is. When you know \
                     that it was not done, delete what the step said, below {}.",
                    safe(&url),
                    safe(&self.copy.url(&said::beginning(&copied.run.header.run)))
                );
                let headline = format!("The copy of the journal of {name} is not whole: {lacks}");
                Err(Failure::new(Code::RunUnusable, headline, help))
            }
            Err(error) => {
                told_of(&format!("Whether the copy of the journal is whole was not seen: {error}."), ui);
                Ok(())
            }
        }
    }

    /// What a copy lacks, as what steps said tells that stands beside it; none where nothing is known to be lacking.
    pub(crate) async fn cut_off(&self, copied: &Copied) -> Result<Option<String>, ProviderError> {
        let run = &copied.run.header.run;
        let beginning = said::beginning(run);
        let keys = self.silence.within(self.objects.keys(&beginning, said::LISTED_MAX)).await?;
        let mut untold = said::untold(&copied.text, run, &keys);
        if !untold.is_empty() {
            // It may have grown since: a text is put after its line.
            let now = self.silence.within(journal_copy::fetch(self.objects.as_ref(), run)).await?;
            untold = said::untold(now.as_deref().unwrap_or(&copied.text), run, &keys);
        }
        untold.retain(|(step, _)| copied.run.header.jobs.contains_key(step));
        let lines = copied.run.events.len() + 1;
        Ok(untold.iter().min_by_key(|(_, line)| *line).map(|(step, line)| match *line <= lines {
            false => format!("it ends at line {lines}, and step {} was done at line {line}", step.0),
            true => format!("step {} was done at line {line}, which tells something else", step.0),
        }))
    }

    /// Takes the lock over all machines; who commands when nobody answers is told to be unknown.
    pub(crate) async fn take(
        &self,
        holder: &Holder,
        take_over: TakeOver,
        clock: &dyn Clock,
        ui: &Ui,
    ) -> Result<(Claim, Claimed), LockError> {
        let claim = Claim::new(Arc::clone(&self.objects), holder.clone());
        let claimed = claim.take_within(self.silence.left(), take_over, clock).await?;
        if !matches!(&claimed, Claimed::Unknown(error) if is_silent(error)) {
            self.silence.broken();
        }
        if let Claimed::Unknown(error) = &claimed {
            let at = self.copy.url(LOCK_KEY);
            let text = format!(
                "NOBODY CAN TELL WHETHER ANOTHER MACHINE COMMANDS: {at} was not seen: {error}. This run goes on. Ask \
                 whoever else could have begun one."
            );
            told_of(&text, ui);
        }
        Ok((claim, claimed))
    }
}

impl Copied {
    /// Whether it can be gone on with.
    pub(crate) fn is_open(&self) -> bool {
        stand(&self.run.run) == Stand::Open
    }

    /// What became of it, and until when that is known.
    pub(crate) fn into_run(self) -> (Replayed<Begun>, String) {
        let until = until(&self.run);
        (self.run, until)
    }
}

/// Up to where a copy goes: what it lacks may have happened.
fn until(run: &Replayed<Begun>) -> String {
    let last = run.events.last().map_or(run.header.began, |(at, _)| *at);
    match stand(&run.run) {
        Stand::Open => format!("as it was at {last:.0}. What the other machine did after that is not in it."),
        Stand::Done | Stand::Ended => format!("as it was at its end, {last:.0}."),
    }
}

fn damaged(error: &journal::JournalError) -> Failure {
    let help = "Take the journal from the machine that the run was begun on, or go on by the runbook.";
    Failure::new(Code::RunUnusable, format!("The copy of the journal cannot be used: {error}"), help)
}

/// Neither here nor seen there.
pub(crate) fn not_seen(name: &str, error: &ProviderError) -> Failure {
    let headline = format!("Run `{}` is not here, and the copy was not seen: {error}", safe(name));
    let help =
        "Try again when the bucket answers, or take the folder of the run from the machine it was begun on.";
    Failure::new(Code::NoSuchRun, headline, help)
}

fn apart(name: &str, url: &str) -> Failure {
    let headline =
        format!("The journal of {name} here and its copy tell different things: two machines commanded it");
    let help = format!(
        "`drctl recover show {name}` shows what was done from here. To go on from the copy, {url}, move the folder of \
         the run away first."
    );
    Failure::new(Code::RunUnusable, headline, help).exit(Exit::Locked)
}

/// A bucket to which no connection could be made.
struct Unreached(ProviderError);

impl Objects for Unreached {
    fn put<'a>(
        &'a self,
        _key: &'a str,
        _bytes: &'a [u8],
        _when: When,
    ) -> BoxFuture<'a, Result<Put, ProviderError>> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }

    fn get<'a>(
        &'a self,
        _key: &'a str,
        _limit: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, ProviderError>> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }

    fn delete<'a>(&'a self, _key: &'a str) -> BoxFuture<'a, Result<(), ProviderError>> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }

    fn keys<'a>(
        &'a self,
        _beginning: &'a str,
        _at_most: usize,
    ) -> BoxFuture<'a, Result<Vec<String>, ProviderError>> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }
}
