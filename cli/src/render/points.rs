//! Restore points, the one that is taken first: when, what it loses, where it is, why it is taken or not, and
//! what makes sure that it can be restored from.

use std::cmp::Reverse;
use std::fmt::Write as _;

use drctl_core::addr::Name;
use drctl_core::plan::LastSeen;
use drctl_core::protection::Window;
use drctl_core::recovery::{Group, RecoveryPlan, Rejected, readable};
use drctl_core::system::{Drill, System, Verify};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::palette::{Look, Tone};
use super::recovery::shown;
use super::text::{last_seen, last_seen_json, safe, width, wrap};
use crate::commands::points::Subject;

/// Columns of an instant.
const INSTANT: usize = 20;

/// What is told, and where it comes from.
pub(crate) struct Told<'t> {
    pub(crate) plan: &'t RecoveryPlan,
    pub(crate) system: &'t System,
    pub(crate) heading: &'t str,
    pub(crate) simulated: bool,
    pub(crate) seen: Option<LastSeen>,
}

/// A restore point, or the newest one of a window.
struct Point<'t> {
    is_taken: bool,
    from: &'t str,
    mechanism: &'t str,
    at: Option<Timestamp>,
    loses_s: Option<i64>,
    how: Option<&'t str>,
    window: Option<&'t Window>,
    why: &'t str,
    verified: Vec<String>,
    earlier: Option<Earlier>,
}

/// As many of the points before one are listed.
const LISTED: usize = 5;
/// As many more are counted.
const COUNTED: usize = 1_000;

/// The points before one that its schedule says were made and are kept, the newest in front.
struct Earlier {
    points: Vec<Timestamp>,
    more: usize,
    /// Whether there may be still more.
    is_least: bool,
    kept_s: Option<i64>,
}

/// What becomes of a datastore, and what it could come back from.
struct Found<'t> {
    datastore: &'t Name,
    /// Why nothing brings it back, and what to do about that.
    no_way: Option<(&'t str, &'t str)>,
    is_hit: bool,
    points: Vec<Point<'t>>,
}

fn found<'t>(told: &Told<'t>, datastore: &'t Name) -> Found<'t> {
    let plan = told.plan;
    let chosen = plan.chosen_points.iter().find(|c| c.datastore == *datastore);
    let infeasible = plan.infeasible.iter().find(|i| i.datastore == *datastore);
    let taken = chosen.map(|choice| Point {
        is_taken: true,
        from: &choice.from,
        mechanism: &choice.mechanism,
        at: choice.point,
        loses_s: choice.data_loss_s,
        how: Some(&choice.data_loss_source),
        window: choice.window.as_ref(),
        why: &choice.why,
        verified: verified(told.system, &choice.from),
        earlier: earlier(told, &choice.from, choice.point, choice.window.as_ref()),
    });
    let others = chosen.map(|c| &c.rejected).or(infeasible.map(|i| &i.rejected)).into_iter().flatten();
    let mut others: Vec<Point<'_>> = others.map(|other| rejected(told, other)).collect();
    others.sort_by_key(|other| (other.at.is_none(), Reverse(other.at)));
    Found {
        datastore,
        no_way: infeasible.map(|i| (i.why.as_str(), i.help.as_str())),
        is_hit: plan.hit.datastores.contains_key(datastore),
        points: taken.into_iter().chain(others).collect(),
    }
}

fn rejected<'t>(told: &Told<'t>, other: &'t Rejected) -> Point<'t> {
    Point {
        is_taken: false,
        from: &other.from,
        mechanism: &other.mechanism,
        at: other.point,
        loses_s: other.data_loss_s,
        how: None,
        window: other.window.as_ref(),
        why: &other.why,
        verified: verified(told.system, &other.from),
        earlier: earlier(told, &other.from, other.point, other.window.as_ref()),
    }
}

/// Those of a declared backup: what a log reaches are no single points, and of others nobody was asked.
fn earlier(told: &Told<'_>, from: &str, at: Option<Timestamp>, window: Option<&Window>) -> Option<Earlier> {
    let name = from.strip_prefix("backup.")?;
    let (_, backup) = told.system.backups.iter().find(|(known, _)| known.as_str() == name)?;
    let method = backup.is.method();
    let at = at.filter(|_| method.log.is_none())?;
    let since = window.and_then(|w| w.earliest);
    let mut all = method.earlier(at, since);
    let points: Vec<Timestamp> = all.by_ref().take(LISTED).collect();
    let more = all.by_ref().take(COUNTED).count();
    let is_least = since.is_none() || all.next().is_some();
    let kept_s = since.map(|since| told.plan.as_of.duration_since(since).as_secs());
    Some(Earlier { points, more, is_least, kept_s })
}

impl Earlier {
    /// In words; none when there is nothing to say.
    fn words(&self) -> Option<String> {
        let listed: Vec<String> = self.points.iter().map(|at| format!("{at:.0}")).collect();
        let kept = match self.kept_s {
            Some(kept) => format!("kept for {}", readable(kept)),
            None => "nothing says how long they are kept".to_owned(),
        };
        let more = match (self.more, self.is_least) {
            (0, _) => String::new(),
            (more, false) => format!(" and {more} more"),
            (more, true) => format!(" and at least {more} more"),
        };
        (!listed.is_empty()).then(|| format!("{}{more}; {kept}", listed.join(", ")))
    }
}

/// What makes sure that it can be restored from, as it is declared.
fn verified(system: &System, from: &str) -> Vec<String> {
    let backup = from.strip_prefix("backup.");
    let backup = backup.and_then(|name| system.backups.iter().find(|(known, _)| known.as_str() == name));
    backup.map(|(_, backup)| backup.is.verify.iter().map(verification).collect()).unwrap_or_default()
}

fn verification(verify: &Verify) -> String {
    let what = verify.proves.map_or("that it can be used", |proof| match proof.as_str() {
        "exists" => "that there is one",
        "readable" => "that it can be read",
        "restored" => "that it can be restored",
        _ => "that what was restored is right",
    });
    done(what, verify.last.map(|last| last.to_string()), verify.every)
}

fn done(what: &str, last: Option<String>, every: jiff::SignedDuration) -> String {
    let every = drctl_core::duration::text(every);
    match last {
        Some(last) => format!("{what}: last {last}, every {every}"),
        None => format!("{what}: every {every}, and nothing says that it was ever done"),
    }
}

/// The rehearsals of the scenario.
fn drills(told: &Told<'_>) -> Vec<String> {
    let Some(scenario) = &told.plan.scenario else { return Vec::new() };
    let of = |drill: &Drill| drill.scenario.as_ref().is_some_and(|s| s.0 == *scenario);
    let drills = told.system.drills.iter().filter(|(_, drill)| of(&drill.is));
    drills
        .map(|(name, drill)| {
            let last = drill.is.last.map(|last| last.to_string());
            done(&format!("drill.{name} rehearses this scenario"), last, drill.is.every)
        })
        .collect()
}

/// The points for people.
pub(crate) fn text(told: &Told<'_>, subject: &Subject, look: Look) -> String {
    let mut out = String::new();
    if told.simulated {
        out += "SIM: a simulated cloud, nothing real is read or changed\n";
    }
    if let Some(seen) = told.seen {
        let _ = writeln!(out, "{}", wrap("", &last_seen(seen, told.plan.as_of), look.width));
    }
    match subject {
        Subject::Datastore(name) => datastore(&mut out, told, &found(told, name), look),
        Subject::Group(name, members) => {
            group(&mut out, told, name, look);
            for member in members {
                out.push('\n');
                datastore(&mut out, told, &found(told, member), look);
            }
        }
    }
    for drill in drills(told) {
        let _ = writeln!(out, "\n{}", wrap("", &safe(&drill), look.width));
    }
    shown(out, look)
}

fn datastore(out: &mut String, told: &Told<'_>, found: &Found<'_>, look: Look) {
    let title = format!("datastore.{}   {}, as of {}", found.datastore, told.heading, told.plan.as_of);
    let _ = writeln!(out, "{}", look.paint(Tone::Strong, &safe(&title)));
    if let Some((why, help)) = found.no_way {
        let _ = writeln!(out, "{}", wrap("✗ NO WAY BACK: ", &safe(why), look.width));
        let _ = writeln!(out, "{}", wrap("    → ", &safe(help), look.width));
    } else if found.points.is_empty() {
        let why = match found.is_hit {
            true => "nothing that is declared restores it",
            false => "this loss does not touch it: nothing has to be restored",
        };
        let _ = writeln!(out, ". {why}");
    }
    let losses: Vec<String> = found.points.iter().map(loss).collect();
    let widest = losses.iter().map(|loss| width(loss)).max().unwrap_or_default();
    for (point, loss) in found.points.iter().zip(&losses) {
        let (mark, tone) = if point.is_taken { ('→', Tone::Good) } else { ('─', Tone::Strong) };
        let at = point.at.map_or_else(|| "no single point".to_owned(), |at| format!("{at:.0}"));
        let line = format!("{mark} {at:INSTANT$}  {loss:widest$}  {}", safe(point.from));
        let _ = writeln!(out, "{}", look.paint(tone, &line));
        let mut more = |first: &str, text: &str| {
            let _ = writeln!(out, "{}", wrap(&format!("    {first}"), &safe(text), look.width));
        };
        more("", &format!("{}{}", point.mechanism, window(point.window)));
        if let Some(earlier) = point.earlier.as_ref().and_then(Earlier::words) {
            more("earlier, by its schedule: ", &earlier);
        }
        more(if point.is_taken { "taken: " } else { "not taken: " }, point.why);
        if let Some(how) = point.how {
            more("loss: ", how);
        }
        match (point.verified.as_slice(), point.from.starts_with("backup.")) {
            ([], true) => more("verified: ", "never, as far as is declared (`verify`)"),
            ([], false) => {}
            (all, _) => all.iter().for_each(|one| more("verified: ", one)),
        }
    }
}

fn window(window: Option<&Window>) -> String {
    match window.map(|w| (w.earliest, w.latest)) {
        Some((Some(first), Some(last))) => format!("; points from {first:.0} to {last:.0}"),
        Some((Some(first), None)) => format!("; points from {first:.0}"),
        Some((None, Some(last))) => format!("; points up to {last:.0}"),
        Some((None, None)) | None => String::new(),
    }
}

fn loss(point: &Point<'_>) -> String {
    match (point.loses_s, point.is_taken) {
        (Some(0), _) => "loses nothing".to_owned(),
        (Some(seconds), _) => format!("loses {}", readable(seconds)),
        (None, true) => "loss unknown".to_owned(),
        (None, false) => "─".to_owned(),
    }
}

/// The common instant, and how far each member is from it.
fn group(out: &mut String, told: &Told<'_>, name: &str, look: Look) {
    let title = format!("group.{name}   {}, as of {}", told.heading, told.plan.as_of);
    let _ = writeln!(out, "{}", look.paint(Tone::Strong, &safe(&title)));
    let Some(group) = of(told.plan, name) else {
        out.push_str(". this loss does not touch it: nothing has to be restored\n");
        return;
    };
    let _ = match group.instant {
        Some(instant) => writeln!(out, "common instant {instant:.0}: the newest that every member reaches"),
        None => writeln!(out, "no common instant: no member comes back to a known moment"),
    };
    let widest = group.members.iter().map(|m| m.datastore.as_str().len()).max().unwrap_or_default();
    for member in &group.members {
        let skew = match member.skew_s {
            Some(0) => "exact".to_owned(),
            Some(skew @ 1..) => format!("-{}", readable(skew)),
            Some(skew) => format!("+{}", readable(-skew)),
            None => "?".to_owned(),
        };
        let head = format!("  {:widest$}  {skew:>8}  ", member.datastore.as_str());
        let _ = writeln!(out, "{}", wrap(&head, &safe(&member.told), look.width));
    }
}

fn of<'p>(plan: &'p RecoveryPlan, name: &str) -> Option<&'p Group> {
    plan.groups.iter().find(|group| group.name == name)
}

/// The same for programs.
pub(crate) fn json(told: &Told<'_>, subject: &Subject) -> Json {
    let (members, group): (Vec<&Name>, Option<&str>) = match subject {
        Subject::Datastore(name) => (vec![name], None),
        Subject::Group(name, members) => (members.iter().collect(), Some(name)),
    };
    let datastores: Vec<Json> = members.into_iter().map(|name| one(&found(told, name))).collect();
    json!({
        "format_version": "1.1",
        "as_of": told.plan.as_of,
        "simulated": told.simulated,
        "last_seen": told.seen.map(|seen| last_seen_json(seen, told.plan.as_of)),
        "scenario": told.plan.scenario,
        "lost": told.plan.lost,
        "group": group.map(|name| json!({ "name": name, "found": of(told.plan, name) })),
        "datastores": datastores,
        "drills": drills(told),
    })
}

fn one(found: &Found<'_>) -> Json {
    let point = |point: &Point<'_>| {
        json!({
            "taken": point.is_taken,
            "from": point.from,
            "mechanism": point.mechanism,
            "point": point.at,
            "data_loss_s": point.loses_s,
            "data_loss_source": point.how,
            "window": point.window,
            "why": point.why,
            "verified": point.verified,
            "earlier": point.earlier.as_ref().map(|earlier| json!({
                "points": earlier.points, "more": earlier.more, "at_least": earlier.is_least, "kept_s": earlier.kept_s,
            })),
        })
    };
    json!({
        "datastore": found.datastore,
        "hit": found.is_hit,
        "no_way": found.no_way.map(|(why, help)| json!({ "why": why, "help": help })),
        "points": found.points.iter().map(point).collect::<Vec<_>>(),
    })
}
