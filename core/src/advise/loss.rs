//! What may bring the loss of data down: more often, faster, somewhere else, noticed earlier, kept
//! longer, or at all. Each way is complete; whether it is enough is judged, not computed.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::search::Search;
use super::{Change, Cost, edit};
use crate::addr::Name;
use crate::duration;
use crate::objective::Judgement;
use crate::recovery::{readable, regions};
use crate::schedule::Schedule;
use crate::span::Span;
use crate::system::{Backup, Datastore, Declared, Destination, Kept, Log, LossKind, Method};

/// Lengths that people set schedules to, in minutes.
const LADDER: [i64; 18] = [1, 2, 5, 10, 15, 20, 30, 45, 60, 120, 180, 240, 360, 480, 720, 1440, 2880, 10080];

/// Below this nothing makes whole copies.
const LOG_BELOW: SignedDuration = SignedDuration::from_mins(15);

/// One complete way.
type Recipe = Vec<Change>;

/// The largest length of the ladder that is not above.
fn step_down(most: SignedDuration) -> Option<SignedDuration> {
    let minutes = LADDER.into_iter().rev().find(|m| *m * 60 <= most.as_secs())?;
    Some(SignedDuration::from_mins(minutes))
}

/// The ways to bring a loss down, and why there is none when none of them does.
pub(super) fn recipes(search: &Search<'_>, one: &Judgement<Span>) -> (Vec<Recipe>, String) {
    let system = search.system;
    let Some(promise) = &one.objective else { return (Vec::new(), String::new()) };
    let most = SignedDuration::from_secs(promise.most_s);
    let name = one.subject.strip_prefix("datastore.").unwrap_or(&one.subject);
    let Some((name, datastore)) = system.datastores.iter().find(|(n, _)| n.as_str() == name) else {
        return (Vec::new(), String::new());
    };
    let (noticing, late) = noticed(search, one, name, most);
    let left = most.checked_sub(late).unwrap_or_default();
    let mut all = Vec::new();
    let whole = |backup: &Backup| backup.of.0 == *name && backup.part.is_none();
    for (backup, declared) in system.backups.iter().filter(|(_, b)| whole(&b.is)) {
        for place in places(search, datastore, declared, backup) {
            let way = Way { search, backup, declared, late, has_log: has_log(&datastore.is) };
            all.extend(way.recipe(left, place, noticing.clone()));
        }
    }
    // A new one is dearer than any change of one that is there.
    for place in elsewhere(search, datastore) {
        all.extend(anew(search, (name, datastore), place, left, noticing.clone()));
    }
    let why = match (left.is_positive(), datastore.is.resource.is_some()) {
        (false, _) => format!(
            "wrong data may go unnoticed for {}, and what is written since is lost with it: no backup helps",
            readable(late.as_secs())
        ),
        (true, true) => "nothing that drctl knows to change does; see `drctl explain rpo`".to_owned(),
        (true, false) => "no backup that can be declared here survives and is new enough".to_owned(),
    };
    (all, why)
}

/// Until wrong data is noticed: what has to be declared, and how long that then is.
fn noticed(
    search: &Search<'_>,
    one: &Judgement<Span>,
    datastore: &Name,
    most: SignedDuration,
) -> (Vec<Change>, SignedDuration) {
    let Some(scenario) = search.system.scenarios.get(&one.scenario) else { return Default::default() };
    let of = |lose: &crate::system::Lose| {
        lose.what == LossKind::Data && lose.datastore.as_ref().is_some_and(|d| d.0 == *datastore)
    };
    let Some((index, lose)) = scenario.is.lose.iter().enumerate().find(|(_, lose)| of(lose)) else {
        return Default::default();
    };
    if let Some(within) = lose.noticed_within.filter(|within| *within < most) {
        return (Vec::new(), within);
    }
    let Some(aim) = step_down(most / 3) else { return Default::default() };
    let text = format!("\"{}\"", duration::text(aim));
    let number = index.to_string();
    let edits = match lose.noticed_within {
        Some(_) => {
            let at = scenario.written.at(&["lose", &number, "noticed_within"]);
            Some(vec![edit::Edit { at, text }])
        }
        None => {
            edit::attribute(search.sources, scenario.written.at(&["lose", &number]), "noticed_within", &text)
        }
    };
    let change = edits.map(|edits| Change {
        slot: format!("scenario.{}/lose/{number}/noticed_within", one.scenario),
        what: format!(
            "scenario.{}: wrong data in datastore.{datastore} is noticed within {}",
            one.scenario,
            readable(aim.as_secs())
        ),
        cost: Cost::High,
        because: "something has to look at the data that often, and tell right from wrong".to_owned(),
        provided: Some("a check that runs and alerts within that time".to_owned()),
        strictness: -aim.as_secs(),
        edits,
    });
    (change.into_iter().collect(), aim)
}

/// Where a backup is kept: as it is, or in one more place.
#[derive(Clone)]
struct Place {
    /// How to get there, when it is not kept there yet.
    added: Option<Change>,
    /// A destination as it would be written.
    lines: String,
    transfer: SignedDuration,
    /// The destination that is there.
    known: Option<usize>,
}

fn places(
    search: &Search<'_>,
    datastore: &Declared<Datastore>,
    declared: &Declared<Backup>,
    backup: &Name,
) -> Vec<Place> {
    let to = &declared.is.to;
    let as_it_is = |known: Option<usize>, to: Option<&Destination>| Place {
        added: None,
        lines: String::new(),
        transfer: to.and_then(|to| to.transfer).unwrap_or_default(),
        known,
    };
    let mut found: Vec<Place> = to.iter().enumerate().map(|(n, to)| as_it_is(Some(n), Some(to))).collect();
    if to.is_empty() {
        found.push(as_it_is(None, None));
    }
    for mut place in elsewhere(search, datastore) {
        let Some((label, where_to)) = place.lines.lines().next().map(label).zip(place.added.take()) else {
            continue;
        };
        if to.iter().any(|d| d.name == label) {
            continue;
        }
        let edit = edit::inside(search.sources, declared.written.block, &place.lines);
        place.added = edit.map(|edit| Change {
            slot: format!("backup.{backup}/to/{label}"),
            what: format!("backup.{backup}: {}", where_to.what),
            edits: [where_to.edits, vec![edit]].concat(),
            ..where_to
        });
        found.extend(place.added.is_some().then_some(place));
    }
    found
}

fn label(line: &str) -> String {
    line.split('"').nth(1).unwrap_or_default().to_owned()
}

/// The places that are not that of the data: sites that hold backups already, other sites, regions, and
/// one that does not exist yet.
fn elsewhere(search: &Search<'_>, datastore: &Declared<Datastore>) -> Vec<Place> {
    let system = search.system;
    let own = datastore.is.site.as_ref().map(|s| &s.0);
    let used: BTreeSet<&Name> =
        system.backups.values().flat_map(|b| &b.is.to).filter_map(|to| Some(&to.site.as_ref()?.0)).collect();
    // What holds neither data nor backups is no place for them: a name server, a repository of code.
    let holds = |site: &Name| {
        let here = |d: &Declared<Datastore>| d.is.site.as_ref().is_some_and(|s| s.0 == *site);
        used.contains(site) || system.datastores.values().any(here)
    };
    let mut sites: Vec<&Name> =
        system.sites.keys().filter(|site| Some(*site) != own && holds(site)).collect();
    sites.sort_by_key(|site| (!used.contains(site), *site));
    let place = |what: String, lines: String, (cost, because): (Cost, &str), edits| Place {
        added: Some(Change {
            slot: String::new(),
            what,
            cost,
            because: because.to_owned(),
            provided: Some("somebody sends it there, and the way there is fast enough".to_owned()),
            edits,
            strictness: 0,
        }),
        lines,
        transfer: SignedDuration::ZERO,
        known: None,
    };
    let mut found = Vec::new();
    for site in sites {
        let known = used.contains(site);
        let cost = match known {
            true => (Cost::Low, "the site holds backups already: a second copy of this one"),
            false => (Cost::Medium, "a second copy, in a place that holds none yet"),
        };
        let lines = format!("to \"{site}\" {{\n  site = site.{site}\n}}\n");
        found.push(place(format!("a copy at site.{site}"), lines, cost, Vec::new()));
    }
    for region in regions(system, search.input.world) {
        let lines = format!("to \"{region}\" {{\n  region = \"{region}\"\n}}\n");
        let cost = (Cost::Medium, "a second copy, and traffic to another region");
        found.push(place(format!("a copy in {region}"), lines, cost, Vec::new()));
    }
    if system.sites.keys().all(|site| site.as_str() != "elsewhere") {
        let block =
            "site \"elsewhere\" {\n  description = \"a place that none of the others takes with it\"\n}\n";
        // Always in the same place: two backups that need it add it once.
        let first = system.sites.values().next().map(|site| site.written.block);
        let first = first.or_else(|| system.datastores.values().next().map(|d| d.written.block));
        let after = first.unwrap_or(datastore.written.block);
        let edit = edit::after(search.sources, after, block);
        let cost = (Cost::High, "a place that is not there yet");
        let lines = "to \"elsewhere\" {\n  site = site.elsewhere\n}\n".to_owned();
        found.push(place("a copy at a new site".to_owned(), lines, cost, edit.into_iter().collect()));
    }
    found
}

/// One declared backup in one place.
struct Way<'a> {
    search: &'a Search<'a>,
    backup: &'a Name,
    declared: &'a Declared<Backup>,
    late: SignedDuration,
    /// Whether the data has a log that could be shipped in place of whole copies.
    has_log: bool,
}

impl Way<'_> {
    fn recipe(&self, left: SignedDuration, place: Place, noticing: Vec<Change>) -> Option<Recipe> {
        let method = self.declared.is.method();
        let left = left.checked_sub(place.transfer)?;
        let mut recipe = noticing;
        recipe.extend(self.kept(&method, &place));
        recipe.extend(place.added);
        if let Some(log) = method.log {
            recipe.extend(self.archived(&method, log, step_down(left)?));
            return Some(recipe);
        }
        let (every, takes) = match method.takes {
            Some(takes) => (step_down(left.checked_sub(takes)?)?, None),
            None => split(left)?,
        };
        let often = method.gap(self.search.input.now).is_some_and(|gap| gap.length <= every);
        if !often && every < LOG_BELOW && self.has_log {
            // A log that is shipped is the way to that, and is tried beside this.
            return None;
        }
        recipe.extend(self.schedule(&method, every));
        recipe.extend(takes.and_then(|takes| self.takes(&method, takes)));
        Some(recipe)
    }

    fn at(&self, method: &Method<'_>, attribute: &str) -> Span {
        self.declared.written.at(&[method.block, attribute])
    }

    /// Its log is archived more often.
    fn archived(&self, method: &Method<'_>, log: Log, every: SignedDuration) -> Option<Change> {
        (log.every > every).then(|| Change {
            slot: format!("backup.{}/archive_every", self.backup),
            what: format!(
                "backup.{}: its log is archived {} instead of {}",
                self.backup,
                readable_rate(every),
                readable_rate(log.every)
            ),
            cost: Cost::Low,
            because: "what was logged since is archived before a file of the log is full".to_owned(),
            provided: Some("`archive_timeout` of PostgreSQL is set to that".to_owned()),
            edits: vec![edit::Edit {
                at: self.at(method, "archive_every"),
                text: format!("\"{}\"", duration::text(every)),
            }],
            strictness: -every.as_secs(),
        })
    }

    fn schedule(&self, method: &Method<'_>, every: SignedDuration) -> Option<Change> {
        let (attribute, schedule) = method.bases.first().copied()?;
        let gap = method.gap(self.search.input.now).map(|gap| gap.length);
        if *schedule == Schedule::Continuous || gap.is_some_and(|gap| gap <= every) {
            return None;
        }
        let times = gap.map_or(i64::MAX, |gap| gap.as_secs() / every.as_secs().max(1));
        let cost = match times {
            ..=4 => Cost::Low,
            5..=24 => Cost::Medium,
            25.. => Cost::High,
        };
        Some(Change {
            slot: format!("backup.{}/{attribute}", self.backup),
            what: format!("backup.{}: {} instead of {schedule}", self.backup, readable_rate(every)),
            cost,
            because: match gap {
                Some(_) if every < LOG_BELOW => {
                    format!(
                        "{times} times as many runs: that often only a log can be shipped, not a whole copy"
                    )
                }
                Some(_) => {
                    format!("{times} times as many runs; storage grows with them unless fewer are kept")
                }
                None => "it never runs again as it is".to_owned(),
            },
            provided: Some("whoever runs it is told, too: drctl does not run it".to_owned()),
            edits: vec![edit::Edit {
                at: self.at(method, attribute),
                text: format!("rate(\"{}\")", duration::text(every)),
            }],
            strictness: -every.as_secs(),
        })
    }

    fn takes(&self, method: &Method<'_>, most: SignedDuration) -> Option<Change> {
        let at = self.declared.written.at(&[method.block]);
        let text = format!("\"{}\"", duration::text(most));
        Some(Change {
            slot: format!("backup.{}/takes", self.backup),
            what: format!(
                "backup.{}: it is measured that one takes at most {}",
                self.backup,
                readable(most.as_secs())
            ),
            cost: Cost::Low,
            because: "a measurement".to_owned(),
            provided: Some("the measurement says so; when it says more, this is not met".to_owned()),
            edits: edit::attribute(self.search.sources, at, "takes", &text)?,
            strictness: -most.as_secs(),
        })
    }

    /// Kept for as long as wrong data may go unnoticed, and with a log for as long as it builds on it.
    fn kept(&self, method: &Method<'_>, place: &Place) -> Vec<Change> {
        let to = place.known.and_then(|n| Some((n, self.declared.is.to.get(n)?)));
        let own = to.and_then(|(n, to)| Some((n, to.keep?)));
        let mut found = Vec::new();
        let builds_on = method.log.and_then(|_| {
            let gap = method.gap(self.search.input.now)?.length;
            gap.checked_add(method.takes.unwrap_or_default())
        });
        let base = self.late.saturating_add(builds_on.unwrap_or_default());
        match (own, method.keep) {
            (Some((n, keep)), _) => {
                let at = self.declared.written.at(&["to", &n.to_string(), "keep"]);
                found.extend(self.longer(("keep", n + 1), at, keep, base));
            }
            (None, Kept::For(attribute, Some(keep))) => {
                found.extend(self.longer((attribute, 0), self.at(method, attribute), keep, base));
            }
            (None, Kept::For(_, None) | Kept::Replaced) => {}
        }
        if let Some(keep) = method.log.and_then(|log| log.keep) {
            found.extend(self.longer(("keep_log", 0), self.at(method, "keep_log"), keep, self.late));
        }
        found
    }

    fn longer(
        &self,
        (attribute, place): (&str, usize),
        at: Span,
        keep: SignedDuration,
        need: SignedDuration,
    ) -> Option<Change> {
        if keep >= need {
            return None;
        }
        let day = SignedDuration::from_hours(24);
        let aim = day * i32::try_from(need.as_secs() / day.as_secs() + 1).ok()?;
        let (text, was) = (duration::text(aim), duration::text(keep));
        let what = match attribute {
            "keep_log" => "its log is kept",
            _ => "kept",
        };
        Some(Change {
            slot: format!("backup.{}/{attribute}/{place}", self.backup),
            what: format!("backup.{}: {what} for {text} instead of {was}", self.backup),
            cost: if aim.as_secs() <= 4 * keep.as_secs() { Cost::Low } else { Cost::Medium },
            because: "storage for what is kept longer".to_owned(),
            provided: None,
            edits: vec![edit::Edit { at, text: format!("\"{text}\"") }],
            strictness: aim.as_secs(),
        })
    }
}

fn readable_rate(every: SignedDuration) -> String {
    format!("every {}", readable(every.as_secs()))
}

/// How often, and how long one may take, of a time that both have to fit into.
fn split(left: SignedDuration) -> Option<(SignedDuration, Option<SignedDuration>)> {
    let every = step_down(left / 2)?;
    Some((every, Some(left.checked_sub(every)?.min(every))))
}

/// Whether pgBackRest can make a backup of it: it needs the files of the server.
fn has_log(datastore: &Datastore) -> bool {
    let engine = datastore.engine.as_deref();
    datastore.resource.is_none() && engine.is_some_and(|engine| matches!(engine, "postgresql" | "postgres"))
}

/// How a new backup is made: in words, as it is written, how strict that is, and what it takes for granted.
type Made = (String, String, i64, String);

/// The log is shipped.
fn by_log(left: SignedDuration) -> Option<Made> {
    let every = step_down(left)?;
    let text = duration::text(every);
    let lines = format!("pgbackrest {{\n  full          = rate(\"7d\")\n  archive_every = \"{text}\"\n}}\n");
    let what = format!("whose log is archived {}", readable_rate(every));
    let provided = "pgBackRest is set up, and `archive_timeout` of PostgreSQL is set to that".to_owned();
    Some((what, lines, -every.as_secs(), provided))
}

/// Whole copies.
fn whole(left: SignedDuration) -> Option<Made> {
    let (every, takes) = split(left)?;
    let takes = takes.unwrap_or_default();
    let (rate, most) = (duration::text(every), duration::text(takes));
    let lines = format!("external {{\n  schedule = rate(\"{rate}\")\n  takes    = \"{most}\"\n}}\n");
    let provided =
        format!("something makes it that often, and one takes at most {}", readable(takes.as_secs()));
    Some((readable_rate(every), lines, -every.as_secs(), provided))
}

/// A backup where none is.
fn anew(
    search: &Search<'_>,
    (name, datastore): (&Name, &Declared<Datastore>),
    place: Place,
    left: SignedDuration,
    noticing: Vec<Change>,
) -> Option<Recipe> {
    let log = has_log(&datastore.is);
    let often = split(left).is_some_and(|(every, _)| every < LOG_BELOW);
    let hint = if often && !log { "; that often only a log can be shipped, not a whole copy" } else { "" };
    let (made, lines, strictness, provided) = if log { by_log(left) } else { whole(left) }?;
    let backup = format!("{name}_new");
    if datastore.is.rebuildable || search.system.backups.keys().any(|b| b.as_str() == backup) {
        return None;
    }
    let inner: String = (lines + &place.lines).lines().map(|line| format!("  {line}\n")).collect();
    let lines = format!("backup \"{backup}\" {{\n  of = datastore.{name}\n{inner}}}\n");
    let added = place.added?;
    let edits = [added.edits, vec![edit::after(search.sources, datastore.written.block, &lines)?]].concat();
    let mut recipe = noticing;
    recipe.push(Change {
        slot: format!("backup.{backup}"),
        what: format!("a backup of datastore.{name} {made}: {}", added.what),
        cost: Cost::High,
        because: format!("nothing makes it yet; {}{hint}", added.because),
        provided: Some(provided),
        edits,
        strictness,
    });
    Some(recipe)
}
