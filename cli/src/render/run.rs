//! A run while it goes on: what happens, line by line with the time on the run's clock, or one JSON
//! object a line.

use std::collections::BTreeMap;
use std::sync::Arc;

use drctl_core::plan::StepId;
use drctl_core::recovery::{Notice, readable};
use drctl_core::run::{Question, Verdict};
use drctl_engine::clock::Clock;
use drctl_engine::messages::Message;
use drctl_engine::runs::{Begun, Job};
use drctl_engine::telling::{RunClock, RunReporter, Told};
use jiff::Timestamp;
use serde_json::json;

use super::lateness::{Lateness, News, told};
use super::palette::Tone;
use super::people;
use super::progress::{Progress, Show};
use super::steps::quote;
use super::text::{safe, wrap, wrap_lines};
use crate::ui::Ui;

/// Tells a person or a program how a run goes.
pub(crate) struct Live {
    progress: Progress,
    clock: Arc<dyn Clock>,
    began: Timestamp,
    run: String,
    look: super::palette::Look,
    lateness: Lateness,
}

impl Live {
    /// For this run.
    pub(crate) fn new(ui: &Ui, clock: Arc<dyn Clock>, begun: &Begun) -> Live {
        let progress = Progress::new(ui, Arc::clone(&clock), Show::Steps);
        progress.open();
        let look = ui.err_look();
        let (run, lateness) = (begun.run.clone(), Lateness::default());
        Live { progress, clock, began: begun.began, run, look, lateness }
    }

    /// Takes what was drawn away.
    pub(crate) fn finish(&self) {
        self.progress.finish();
    }

    /// What came of it, for programs.
    pub(crate) fn summary(&self, head: &serde_json::Value) {
        let text = format!("run {} is {}", self.run, head["status"].as_str().unwrap_or_default());
        self.progress.event("recovery_summary", "info", &text, head.clone());
    }

    /// Something that needs attention. A command in it, on a line of its own, is not broken: it is copied.
    pub(crate) fn warn(&self, text: &str) {
        for line in text.lines() {
            let told = match line.strip_prefix("$ ") {
                Some(_) => safe(line),
                None => wrap("", &safe(line), self.look.width),
            };
            self.progress.note(&self.look.paint(Tone::Caution, &told));
        }
        self.progress.event("log", "warn", text, json!({}));
    }

    /// `T+12m 3s`
    fn at(&self) -> String {
        format!("T+{}", readable(self.clock.now().duration_since(self.began).as_secs()))
    }

    fn line(&self, step: StepId, tone: Option<Tone>, text: &str) {
        let first = format!("{:>9}  {:>3}  ", self.at(), step.0);
        let line = wrap_lines(&first, text, self.look.width);
        self.progress.note(&tone.map_or_else(|| line.clone(), |tone| self.look.paint(tone, &line)));
    }

    fn event(
        &self,
        kind: &str,
        level: &str,
        step: StepId,
        job: &Job,
        message: &str,
        more: serde_json::Value,
    ) {
        let mut extra = json!({ "run": self.run, "step": step.0, "summary": job.summary });
        if let (Some(extra), serde_json::Value::Object(more)) = (extra.as_object_mut(), more) {
            extra.extend(more);
        }
        self.progress.event(kind, level, message, extra);
    }

    fn asked(&self, step: StepId, job: &Job, question: Question, command: &[String]) {
        let (what, answers) = words(question, job);
        self.line(step, Some(Tone::Strong), &what);
        if let Some(owner) = &job.owner {
            let name = owner.name.clone().or_else(|| owner.role.clone());
            let mut who = vec![name.unwrap_or_else(|| format!("contact.{}", owner.contact))];
            who.extend(owner.reached.iter().cloned());
            self.line(step, None, &format!("who: {}", who.join(", ")));
        }
        if !command.is_empty() {
            self.line(step, None, &format!("$ {}", shell(command)));
        }
        let inputs: String = job.inputs.keys().map(|name| format!(" --input {name}=…")).collect();
        for (flag, meaning) in answers {
            let with = if matches!(flag, "--done" | "--go") { inputs.as_str() } else { "" };
            self.line(step, None, &format!("{meaning}: drctl recover mark {} {flag}{with}", step.0));
        }
        self.event("recovery_step_waiting", "info", step, job, &what, json!({ "question": code(question) }));
    }
}

/// What a person is asked, and the answers that there are.
fn words(question: Question, job: &Job) -> (String, Vec<(&'static str, &'static str)>) {
    let skip = ("--skip --reason …", "leave it out");
    match question {
        Question::Do => (
            format!("YOUR TURN: {}", job.summary),
            vec![("--done", "when it is done"), ("--failed", "it cannot be done"), skip],
        ),
        Question::Decide => (
            format!("SHALL IT BE DONE? {}", job.summary),
            vec![("--go", "do it"), ("--done", "it is done already"), skip],
        ),
        Question::Doubt => (
            format!("CUT OFF, and nobody knows whether it was done: {}", job.summary),
            vec![("--done", "it was done"), ("--go", "it was not: do it"), ("--failed", "it cannot be done")],
        ),
        Question::TakeBack => (
            format!("TAKE BACK: {}", job.undo_by_hand.as_deref().unwrap_or(&job.summary)),
            vec![("--done", "when it is taken back"), ("--skip --reason …", "it stays as it is")],
        ),
        Question::DoubtTakenBack => (
            format!("CUT OFF while it was taken back: {}", job.summary),
            vec![("--done", "it is taken back"), ("--go", "it is not: take it back")],
        ),
    }
}

/// What a person says of a step: that it is …
pub(super) fn said(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Failed => "failed",
        Verdict::Skipped => "to be left out",
        Verdict::Go => "to be done",
    }
}

fn code(question: Question) -> &'static str {
    match question {
        Question::Do => "do",
        Question::Decide => "decide",
        Question::Doubt => "doubt",
        Question::TakeBack => "take_back",
        Question::DoubtTakenBack => "doubt_taken_back",
    }
}

/// What there was before a step.
pub(super) fn found(before: &BTreeMap<String, String>) -> String {
    let found = before.iter().map(|(name, value)| format!("{name} = {value}"));
    found.collect::<Vec<_>>().join(", ")
}

/// The command as a person would type it.
fn shell(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

impl RunReporter for Live {
    fn tell(&self, step: StepId, job: &Job, what: &Told<'_>) {
        match what {
            Told::Started(command) => {
                self.line(step, None, &job.summary);
                if !command.is_empty() {
                    self.line(step, Some(Tone::Faint), &format!("$ {}", shell(command)));
                }
                self.event("recovery_step_start", "info", step, job, &job.summary, json!({}));
            }
            Told::Observed(before) => {
                let text = format!("before it: {}", found(before));
                self.line(step, Some(Tone::Faint), &text);
                self.event("recovery_step_observed", "info", step, job, &text, json!({ "before": before }));
            }
            Told::Going(elapsed) => {
                let text = format!("still going on after {}", readable(elapsed.as_secs() as i64));
                self.line(step, None, &text);
                let more = json!({ "elapsed_s": elapsed.as_secs() });
                self.event("recovery_step_progress", "info", step, job, &text, more);
            }
            Told::Done(elapsed, _) => {
                let text = format!("done in {}", readable(elapsed.as_secs() as i64));
                self.line(step, Some(Tone::Good), &text);
                let more = json!({ "elapsed_s": elapsed.as_secs() });
                self.event("recovery_step_complete", "info", step, job, &text, more);
            }
            Told::Failed(elapsed, why, again) => {
                let next = again.map(|p| format!("; tried again in {} s", p.as_secs())).unwrap_or_default();
                let text = format!("FAILED: {why}{next}");
                self.line(step, Some(Tone::Bad), &text);
                let more = json!({ "elapsed_s": elapsed.as_secs(), "again_s": again.map(|p| p.as_secs()) });
                self.event("recovery_step_errored", "error", step, job, &text, more);
            }
            Told::Asked(question, command) => self.asked(step, job, *question, command),
            Told::Marked { verdict, by, evidence } => {
                let why = if evidence.is_empty() { String::new() } else { format!(": {evidence}") };
                let text = format!("{by} says that it is {}{why}", said(*verdict));
                self.line(step, None, &text);
                let more = json!({ "verdict": verdict, "by": by, "evidence": evidence });
                self.event("recovery_step_marked", "info", step, job, &text, more);
            }
            Told::Undoing(command) => {
                self.line(step, Some(Tone::Caution), &format!("taking back: {}", job.summary));
                self.line(step, Some(Tone::Faint), &format!("$ {}", shell(command)));
                self.event("recovery_undo_start", "warn", step, job, &job.summary, json!({}));
            }
            Told::Undone(elapsed) => {
                self.line(step, None, "taken back");
                let more = json!({ "elapsed_s": elapsed.as_secs() });
                self.event("recovery_undo_complete", "info", step, job, "taken back", more);
            }
            Told::UndoFailed(elapsed, why) => {
                let text = format!("COULD NOT BE TAKEN BACK: {why}");
                self.line(step, Some(Tone::Bad), &text);
                let more = json!({ "elapsed_s": elapsed.as_secs() });
                self.event("recovery_undo_errored", "error", step, job, &text, more);
            }
        }
    }

    fn say(&self, text: &str) {
        self.warn(text);
    }

    fn taken_down(&self, by: Option<&str>) {
        let text = match by {
            Some(by) => format!("{by} says that what the drill made is taken down"),
            None => "the steps are over: what the drill made is taken down".to_owned(),
        };
        let line = wrap(&format!("{:>9}       ", self.at()), &safe(&text), self.look.width);
        self.progress.note(&self.look.paint(Tone::Strong, &line));
        self.progress.event("drill_teardown_start", "info", &text, json!({ "run": self.run, "by": by }));
    }

    fn message(&self, notice: &Notice, Message { notice: _, text, why, sent }: &Message) {
        let (level, what) = match sent {
            Some(Ok(())) => ("info", format!("{} told by channel.{}: {text}", notice.whom, notice.channel)),
            Some(Err(error)) => {
                let what =
                    format!("{} could NOT be told by channel.{}: {error}", notice.whom, notice.channel);
                ("warn", what)
            }
            None => ("info", format!("TELL {}: {text}", people::how(notice))),
        };
        let tone = match sent {
            Some(Ok(())) => None,
            Some(Err(_)) => Some(Tone::Caution),
            None => Some(Tone::Strong),
        };
        let line = wrap(&format!("{:>9}       ", self.at()), &safe(&what), self.look.width);
        self.progress.note(&tone.map_or_else(|| line.clone(), |tone| self.look.paint(tone, &line)));
        let extra = json!({
            "run": self.run,
            "whom": notice.whom,
            "channel": notice.channel,
            "text": text,
            "why": why,
            "sent": sent.as_ref().map(Result::is_ok),
        });
        self.progress.event("recovery_notice", level, &what, extra);
    }

    fn clock(&self, clock: &RunClock) {
        let text = told(clock);
        self.progress.below(&text);
        if let Some(News { text, late }) = self.lateness.news(clock) {
            let line = wrap(&format!("{:>9}       ", self.at()), &text, self.look.width);
            let tone = if late { Tone::Caution } else { Tone::Good };
            self.progress.note(&self.look.paint(tone, &line));
        }
        let extra = json!({
            "run": self.run,
            "elapsed_s": clock.elapsed_s,
            "left_p50_s": clock.left_p50_s,
            "left_p95_s": clock.left_p95_s,
            "rto_s": clock.rto_s,
        });
        let late = clock.late_s().is_some_and(|late| late > 0);
        self.progress.event("rto_clock", if late { "warn" } else { "info" }, &text, extra);
    }
}
