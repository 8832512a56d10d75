//! `drctl backups`: the declared backups, when the next one is made and how much can be lost between
//! two of them. Asks no provider.

use std::fmt::Write as _;

use drctl_core::addr::Name;
use drctl_core::duration;
use drctl_core::plan;
use drctl_core::schedule::{Gap, Schedule};
use drctl_core::system::{Backup, Destination, Encryption, Exposure, Kept, Method, Proof, Verify};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::plan::warn;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::{self, VariableArgs};
use crate::project::Project;
use crate::render::palette::Look;
use crate::render::steps::command;
use crate::render::text::{safe, wrap};
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl backups`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: VariableArgs,
}

/// Evaluates the blocks and prints what follows from them.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = planning::load(project, &args.variables, ui)?;
    let (system, diagnostics) = plan::system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    warn(&loaded, diagnostics, ui);
    let now = session::clock(ui)?.now();
    let backups: Vec<(&Name, &Backup)> = system.backups.iter().map(|(name, b)| (name, &b.is)).collect();
    match ui.format {
        Format::Text if backups.is_empty() => ui.print("No `backup` block is declared.\n")?,
        Format::Text => {
            let texts: Vec<String> = backups.iter().map(|b| text(*b, now, ui.look())).collect();
            ui.print(&texts.join("\n"))?;
        }
        Format::Json => {
            let all: Vec<Json> = backups.iter().map(|b| object(*b, now)).collect();
            ui.print(&format!("{:#}\n", json!({ "format_version": "1.0", "as_of": now, "backups": all })))?;
        }
    }
    Ok(Exit::Success)
}

fn text((name, backup): (&Name, &Backup), now: Timestamp, look: Look) -> String {
    let method = backup.method();
    let exposure = method.exposure(now);
    let mut out = format!("backup.{name} of datastore.{}\n", backup.of.0);
    let mut line = |name: &str, text: String| {
        let _ = writeln!(out, "{}", wrap(&format!("  {name:<13}"), &safe(&text), look.width));
    };
    if backup.external.is_none() {
        line("made by", method.made_by.clone());
    }
    for (attribute, schedule) in &method.bases {
        line(attribute, schedule.to_string());
    }
    if let Some(log) = method.log {
        let kept = log.keep.map_or(String::new(), |keep| format!(", kept for {}", duration::text(keep)));
        line("log", format!("archived every {} at least{kept}", duration::text(log.every)));
    }
    line("next", upcoming(&method, exposure.next, now));
    line("largest gap", exposure.gap.map_or_else(|| boundless(&method), stretch));
    match method.keep {
        Kept::Replaced => line("kept for", "the next one takes its place".to_owned()),
        Kept::For(_, Some(keep)) if backup.external.is_none() => line("kept for", duration::text(keep)),
        Kept::For(..) => {}
    }
    line("can be lost", lost(&method, exposure));
    for to in &backup.to {
        line("to", destination(to));
    }
    if let Some(Encryption { algorithm, key }) = &backup.encryption {
        let key = key.as_ref().map_or("where the key is, nothing says".to_owned(), |site| {
            format!("the key is at site.{}", site.0)
        });
        line("encrypted", algorithm.iter().cloned().chain([key]).collect::<Vec<_>>().join(", "));
    }
    for verify in &backup.verify {
        line("verified", verified(verify));
    }
    for (name, words) in [("list", &method.list), ("restore", &method.restore(None))] {
        if let Some(words) = words {
            let _ = writeln!(out, "  {name}\n{}", command(words, None, look));
        }
    }
    out
}

fn destination(to: &Destination) -> String {
    let Destination { name, bucket, site, region, account, path, transfer, keep, lock, lock_mode } = to;
    let place = [
        bucket.as_ref().map(|b| format!("in {}", b.0)),
        site.as_ref().map(|s| format!("at site.{}", s.0)),
        region.as_ref().map(|r| format!("in {r}")),
        account.as_ref().map(|a| format!("in account {a}")),
        path.clone(),
        transfer.map(|t| format!("there after {}", duration::text(t))),
        keep.map(|k| format!("kept for {}", duration::text(k))),
        lock.map(|l| format!("locked for {}", duration::text(l))),
        lock_mode.map(|mode| format!("in mode {}", mode.as_str())),
    ];
    std::iter::once(name.clone()).chain(place.into_iter().flatten()).collect::<Vec<_>>().join(", ")
}

fn verified(verify: &Verify) -> String {
    let Verify { every, proves, run, sql, database: _, assert: _, procedure, owner, last } = verify;
    let parts = [
        proves.map(|proves| format!("proves that it {}", said(proves))),
        run.as_ref().map(|words| format!("by `{}`", words.join(" "))),
        sql.as_ref().map(|_| "by questions in SQL".to_owned()),
        procedure.as_ref().map(|p| format!("by procedure.{}", p.0)),
        owner.as_ref().map(|o| format!("by contact.{}", o.0)),
        last.map(|day| format!("last done {day}")),
    ];
    let every = format!("every {}", duration::text(*every));
    std::iter::once(every).chain(parts.into_iter().flatten()).collect::<Vec<_>>().join(", ")
}

fn said(proves: Proof) -> &'static str {
    match proves {
        Proof::Exists => "is there",
        Proof::Readable => "is whole",
        Proof::Restored => "can be restored",
        Proof::Right => "holds the right data",
    }
}

fn upcoming(method: &Method<'_>, next: Option<Timestamp>, now: Timestamp) -> String {
    let late = match method.bases.as_slice() {
        [(_, Schedule::Continuous)] => return "all the time".to_owned(),
        [(_, Schedule::On(event, None))] => return format!("at the next: {event}"),
        all if all.iter().any(|(_, s)| matches!(s, Schedule::Every(_) | Schedule::On(..))) => {
            ", at the latest"
        }
        _ => "",
    };
    match next {
        Some(next) => {
            let wait = SignedDuration::from_secs(next.duration_since(now).as_secs());
            format!("{next}, in {}{late}", duration::text(wait))
        }
        None => "never again".to_owned(),
    }
}

fn boundless(method: &Method<'_>) -> String {
    let on = method.bases.iter().any(|(_, s)| matches!(s, Schedule::On(..)));
    if on {
        return "no bound: nothing says how often that happens at least".to_owned();
    }
    "no bound: at some time in the next year there is no newer one".to_owned()
}

fn stretch(gap: Gap) -> String {
    match gap.between {
        Some((since, until)) => format!("{}, from {since} to {until}", duration::text(gap.length)),
        None => duration::text(gap.length),
    }
}

fn lost(method: &Method<'_>, Exposure { next: _, gap, loss }: Exposure) -> String {
    match (gap, method.takes, loss) {
        (Some(gap), Some(takes), Some(loss)) if gap.length.checked_add(takes) == Some(loss) => {
            let (loss, takes) = (duration::text(loss), duration::text(takes));
            format!("up to {loss}: the largest gap, and {takes} until one can be restored")
        }
        (Some(_), _, Some(loss)) => format!("up to {}: what is not archived yet", duration::text(loss)),
        (Some(gap), None, None) => {
            let gap = duration::text(gap.length);
            format!("{gap} and the time one takes, which is not declared (`takes`)")
        }
        (None, ..) | (Some(_), Some(_), None) => "no bound".to_owned(),
    }
}

fn object((name, backup): (&Name, &Backup), now: Timestamp) -> Json {
    let method = backup.method();
    let Exposure { next, gap, loss } = method.exposure(now);
    let between = gap.and_then(|gap| gap.between);
    let keep = match method.keep {
        Kept::Replaced | Kept::For(_, None) => None,
        Kept::For(_, Some(keep)) => Some(keep.as_secs()),
    };
    json!({
        "name": name,
        "datastore": backup.of.0,
        "method": method.block,
        "made_by": method.made_by,
        "schedule": method.schedules(),
        "log_every_s": method.log.map(|log| log.every.as_secs()),
        "log_keep_s": method.log.and_then(|log| log.keep).map(|keep| keep.as_secs()),
        "keep_s": keep,
        "next": next,
        "largest_gap_s": gap.map(|gap| gap.length.as_secs()),
        "largest_gap_from": between.map(|(since, _)| since),
        "largest_gap_to": between.map(|(_, until)| until),
        "takes_s": method.takes.map(|takes| takes.as_secs()),
        "loss_s": loss.map(|loss| loss.as_secs()),
        "to": backup.to.iter().map(place).collect::<Vec<Json>>(),
        "encryption": backup.encryption.as_ref().map(|Encryption { algorithm, key }| json!({
            "algorithm": algorithm,
            "key": key.as_ref().map(|site| format!("site.{}", site.0)),
        })),
        "verify": backup.verify.iter().map(verification).collect::<Vec<Json>>(),
        "list": method.list,
        "restore": method.restore(None),
    })
}

fn place(to: &Destination) -> Json {
    let Destination { name, bucket, site, region, account, path, transfer, keep, lock, lock_mode } = to;
    json!({
        "name": name,
        "bucket": bucket.as_ref().map(|b| b.0.to_string()),
        "site": site.as_ref().map(|s| format!("site.{}", s.0)),
        "region": region,
        "account": account,
        "path": path,
        "transfer_s": transfer.map(|t| t.as_secs()),
        "keep_s": keep.map(|k| k.as_secs()),
        "lock_s": lock.map(|l| l.as_secs()),
        "lock_mode": lock_mode.map(|mode| mode.as_str()),
    })
}

fn verification(verify: &Verify) -> Json {
    let Verify { every, proves, run, sql, database: _, assert: _, procedure, owner, last } = verify;
    json!({
        "every_s": every.as_secs(),
        "proves": proves.map(Proof::as_str),
        "run": run,
        "sql": sql,
        "procedure": procedure.as_ref().map(|p| format!("procedure.{}", p.0)),
        "owner": owner.as_ref().map(|o| format!("contact.{}", o.0)),
        "last": last.map(|day| day.to_string()),
    })
}
