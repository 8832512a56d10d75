//! Progress while the engine works: bars on a terminal, timestamped lines elsewhere, one JSON object
//! a line for programs. Nothing is drawn when standard error is no terminal.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use drctl_core::addr::Address;
use drctl_core::diag::{Diagnostics, Severity};
use drctl_core::plan::Op;
use drctl_core::provider::Id;
use drctl_core::span::{SourceMap, Span};
use drctl_engine::clock::Clock;
use drctl_engine::reporter::{Level, Reporter, Seen, Settled};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value as Json, json};

use super::diagnostics;
use super::palette::Look;
use super::text::safe;
use crate::commands::version::VERSION;
use crate::ui::{Format, Stream, Ui};

/// Which part of the work is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Reading, as a count.
    Reading,
    /// Reading and each step of an apply.
    Steps,
}

/// Tells a person or a program how the work goes.
pub(crate) struct Progress {
    err: Stream,
    look: Look,
    clock: Arc<dyn Clock>,
    show: Show,
    /// A spinner at the bottom of the terminal; hidden elsewhere.
    bar: ProgressBar,
    /// The stream of events, when one was asked for.
    events: Option<Stream>,
    read: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    started: usize,
    done: usize,
}

impl Progress {
    /// For a command with this user interface.
    pub(crate) fn new(ui: &Ui, clock: Arc<dyn Clock>, show: Show) -> Progress {
        let draws = ui.draws() && ui.format == Format::Text;
        let target = if draws { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        if draws {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        let events = (ui.format == Format::Json && show == Show::Steps).then(|| ui.out());
        Progress { err: ui.err(), look: ui.err_look(), clock, show, bar, events, read: Mutex::default() }
    }

    /// Opens the stream of events.
    pub(crate) fn open(&self) {
        self.event("version", "info", &format!("drctl {VERSION}"), json!({ "drctl": VERSION, "ui": "1.0" }));
    }

    /// Takes what was drawn away until something new is told.
    pub(crate) fn pause(&self) {
        self.bar.set_message("");
        self.bar.suspend(|| ());
    }

    /// Takes what was drawn away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Writes one object into the stream, if there is one.
    pub(crate) fn event(&self, kind: &str, level: &str, message: &str, extra: Json) {
        let Some(out) = &self.events else { return };
        let mut object = json!({
            "@level": level,
            "@message": message,
            "@module": "drctl.ui",
            "@timestamp": self.clock.now(),
            "type": kind,
        });
        if let (Json::Object(object), Json::Object(extra)) = (&mut object, extra) {
            object.extend(extra);
        }
        // A reader that is gone must not stop what is being applied.
        let _ = out.print(&format!("{object}\n"));
    }

    /// Writes diagnostics into the stream, if there is one.
    pub(crate) fn diagnostics(&self, found: &Diagnostics, sources: &SourceMap, hidden: &[Span]) {
        for (diagnostic, json) in found.iter().zip(diagnostics::list(found, sources, hidden)) {
            let level = match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warn",
                Severity::Note => "info",
            };
            let text = format!("{}: {}", diagnostic.code, safe(&diagnostic.headline));
            self.event("diagnostic", level, &text, json!({ "diagnostic": json }));
        }
    }

    /// One line for a person.
    fn line(&self, text: &str) {
        if self.show == Show::Reading || self.events.is_some() {
            return;
        }
        let stamp = format!("{:.0}", self.clock.now());
        self.bar.suspend(|| {
            let _ = self.err.print(&format!("{stamp}  {text}\n"));
        });
    }

    /// A line for a person that has its own clock.
    pub(crate) fn note(&self, text: &str) {
        if self.events.is_none() {
            self.bar.suspend(|| {
                let _ = self.err.print(&format!("{text}\n"));
            });
        }
    }

    /// What stands beside the spinner.
    pub(crate) fn below(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }

    fn counted(&self, count: impl FnOnce(&mut Counts)) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        count(&mut read);
        self.bar.set_message(format!("reading {} of {}", read.done, read.started));
    }
}

/// What a step does, as people say it while it runs and after it.
fn words(op: Op) -> (&'static str, &'static str) {
    match op {
        Op::Create => ("creating", "created"),
        Op::Update => ("updating", "updated"),
        Op::Record => ("recording", "recorded as ours"),
        Op::Forget => ("forgetting", "forgotten; the provider keeps it"),
        Op::Delete => ("deleting", "deleted"),
    }
}

fn hook(address: &Address, op: Op, elapsed: Duration) -> Json {
    json!({ "hook": { "resource": { "addr": address }, "action": op, "elapsed_s": elapsed.as_secs() } })
}

impl Reporter for Progress {
    fn refresh_start(&self, address: &Address, id: &Id) {
        self.counted(|read| read.started += 1);
        let extra = json!({ "hook": { "resource": { "addr": address }, "id": id } });
        self.event("refresh_start", "info", &format!("{address}: reading"), extra);
    }

    fn refresh_complete(&self, address: &Address, id: &Id, seen: Seen) {
        self.counted(|read| read.done += 1);
        let seen = match seen {
            Seen::Present => "present",
            Seen::Absent => "absent",
            Seen::Unobserved => "unobserved",
        };
        let extra = json!({ "hook": { "resource": { "addr": address }, "id": id, "seen": seen } });
        self.event("refresh_complete", "info", &format!("{address}: {seen}"), extra);
    }

    fn apply_start(&self, address: &Address, op: Op) {
        let (doing, _) = words(op);
        self.bar.set_message(format!("{doing} {}", safe(&address.to_string())));
        self.line(&format!("{}: {doing}", safe(&address.to_string())));
        self.event("apply_start", "info", &format!("{address}: {doing}"), hook(address, op, Duration::ZERO));
    }

    fn apply_progress(&self, address: &Address, op: Op, elapsed: Duration) {
        let (doing, _) = words(op);
        let text = format!("{}: still {doing} after {} s", safe(&address.to_string()), elapsed.as_secs());
        self.line(&text);
        self.event("apply_progress", "info", &text, hook(address, op, elapsed));
    }

    fn apply_complete(&self, address: &Address, op: Op, elapsed: Duration, settled: &Settled) {
        let (_, done) = words(op);
        let mut text = format!("{}: {done}", safe(&address.to_string()));
        let mut extra = hook(address, op, elapsed);
        if let Settled::Pending(attributes) = settled {
            text += &format!("; {} accepted, in effect later", safe(&attributes.join(", ")));
            extra["hook"]["pending"] = json!(attributes);
        }
        self.line(&text);
        self.event("apply_complete", "info", &text, extra);
    }

    fn apply_errored(&self, address: &Address, op: Op, elapsed: Duration, error: &str) {
        let text = format!("{}: FAILED {}: {}", safe(&address.to_string()), words(op).0, safe(error));
        self.line(&self.look.paint(super::palette::Tone::Bad, &text));
        let mut extra = hook(address, op, elapsed);
        extra["hook"]["error"] = json!(error);
        self.event("apply_errored", "error", &text, extra);
    }

    fn message(&self, level: Level, text: &str) {
        let level_name = match level {
            Level::Info => "info",
            Level::Warning => "warn",
        };
        self.bar.suspend(|| {
            if self.events.is_none() && (level == Level::Warning || self.show == Show::Steps) {
                let _ = self.err.print(&format!("{}\n", safe(text)));
            }
        });
        self.event("log", level_name, text, json!({}));
    }
}
