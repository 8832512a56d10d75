//! Where a step of a drill names something of production.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::model::{Input, Seen, Step};
use super::rehearsal::Share;
use crate::provider::StepNature;
use crate::system::Drill;

/// A step of a drill that names something of production.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Its number.
    pub step: u32,
    /// What it names.
    pub value: String,
    /// What that is: `target.app of scenario.fire`, `datastore.orders`.
    pub of: String,
}

/// What a drill must not name. It stands in the opening of the drill's run, for what people type later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffLimits {
    /// What scenarios name.
    known: Vec<InUse>,
    /// What holds the data in use.
    things: Vec<InUse>,
    /// What the drill says that it shares: it may hold names of production.
    shared: Vec<String>,
}

/// A name of production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InUse {
    /// The name.
    pub value: String,
    /// What that is: `target.app of scenario.fire`, `datastore.orders`.
    pub of: String,
    /// What stands for it in the drill, where something does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// What a step does whose words are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// It brings data back: that names what it restores from.
    Restores,
    /// Anything else.
    Else,
}

impl OffLimits {
    /// A drill of a procedure alone looks for what any scenario names. What holds the id of the run is not in
    /// use yet.
    pub(super) fn of(
        input: &Input<'_>,
        drill: &Drill,
        target: &BTreeMap<String, (String, Share)>,
        run: &str,
    ) -> OffLimits {
        let rehearsed = drill.scenario.as_ref().map(|s| &s.0);
        let mut known: Vec<InUse> = Vec::new();
        for (name, scenario) in &input.system.scenarios {
            if rehearsed.is_some_and(|only| only != name) {
                continue;
            }
            for (key, value) in scenario.is.target.iter().flat_map(|target| &target.0) {
                let own = target.values().any(|(own, _)| own == value);
                let told = known.iter().any(|told| told.value == *value);
                if !own && !told && !value.contains(run) && value.contains(char::is_alphabetic) {
                    known.push(InUse {
                        value: value.clone(),
                        of: format!("target.{key} of scenario.{name}"),
                        instead: target.get(key).map(|(own, _)| own.clone()),
                    });
                }
            }
        }
        let datastores = input.system.datastores.iter().filter_map(|(name, datastore)| {
            let held = input.components.get(&datastore.is.resource.as_ref()?.0)?;
            let there = !matches!(held.seen, Seen::Absent);
            let of = format!("datastore.{name}");
            there.then(|| InUse { value: held.id.0.clone(), of, instead: None })
        });
        let is_shared = |(value, share): &(String, Share)| (*share == Share::Shared).then(|| value.clone());
        let shared = target.values().filter_map(is_shared).collect();
        OffLimits { known, things: datastores.collect(), shared }
    }

    /// Whether there is nothing that must not be named.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.things.is_empty()
    }

    /// The names of production that one of these words holds, of a step that does so.
    pub fn named<'n, 'w>(
        &'n self,
        words: impl Iterator<Item = &'w String> + Clone,
        does: Does,
    ) -> impl Iterator<Item = &'n InUse> {
        let things = self.things.iter().filter(move |_| does == Does::Else);
        let is_named = move |name: &&InUse| words.clone().any(|word| self.names(word, &name.value));
        self.known.iter().chain(things).filter(is_named)
    }

    /// Commands that name it.
    pub(super) fn by_machine(&self, steps: &[Step]) -> Vec<Reached> {
        let mut found = Vec::new();
        for step in steps {
            let restores = step.written.is_none() || step.datastore.is_some();
            let does = if restores { Does::Restores } else { Does::Else };
            let dir = step.written.as_ref().and_then(|at| at.dir.as_ref());
            let words = step.words().chain(dir);
            found.extend(self.named(words, does).map(|name| Reached {
                step: step.id,
                value: name.value.clone(),
                of: name.of.clone(),
            }));
        }
        found
    }

    /// What people are told that names it: they have to know that it is not meant.
    pub(super) fn by_hand(&self, steps: &[Step]) -> Vec<String> {
        let told = |step: &Step| {
            let all = self.known.iter().chain(&self.things);
            let named = all.filter(|name| self.names(&step.summary, &name.value));
            let named: Vec<String> = named.map(|name| format!("`{}`, {}", name.value, name.of)).collect();
            (!named.is_empty()).then(|| {
                format!(
                    "step {} is told to a person and names {}: a drill does not mean that",
                    step.id,
                    named.join(", and ")
                )
            })
        };
        steps.iter().filter(|step| step.kind == StepNature::Manual).filter_map(told).collect()
    }

    /// Whether a text names it other than within what the drill says that it shares.
    fn names(&self, text: &str, value: &str) -> bool {
        let shared: Vec<Range<usize>> = self.shared.iter().flat_map(|shared| places(text, shared)).collect();
        let within =
            |place: &Range<usize>| shared.iter().any(|s| s.start <= place.start && place.end <= s.end);
        places(text, value).iter().any(|place| !within(place))
    }
}

/// What goes on with a name.
fn part(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

/// Shortest name that is looked for within words: shorter ones stand in everything.
const SHORTEST: usize = 4;

/// Whether a text names it, alone or within something else, and not only a longer name that holds it.
pub fn mentions(text: &str, name: &str) -> bool {
    !places(text, name).is_empty()
}

/// Where a text holds the value as a whole: not as a part of a longer name. A host's name is another one with
/// something before or behind it; a name without dots is the same wherever it stands between them. Capitals
/// make no difference.
pub(super) fn places(text: &str, value: &str) -> Vec<Range<usize>> {
    let (text, value) = (text.to_ascii_lowercase(), value.to_ascii_lowercase());
    let (is_short, is_host) = (value.len() < SHORTEST, value.contains('.'));
    let apart = |c: char| c.is_whitespace() || "='\"".contains(c);
    let whole = |place: &Range<usize>| {
        let mut before = text[..place.start].chars().rev();
        let mut after = text[place.end..].chars();
        let (before, after, next) = (before.next(), after.next(), after.next());
        if is_short {
            return before.is_none_or(apart) && after.is_none_or(apart);
        }
        let begins = before.is_none_or(|c| if c == '.' { !is_host } else { !part(c) });
        let ends =
            after.is_none_or(|c| if c == '.' { !is_host || !next.is_some_and(part) } else { !part(c) });
        begins && ends
    };
    text.match_indices(&value).map(|(at, found)| at..at + found.len()).filter(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_as_a_whole_alone() {
        for (text, value, found) in [
            ("shop", "shop", true),
            ("https://shop/health", "shop", true),
            ("--app=shop", "shop", true),
            ("--app=Shop", "shop", true),
            ("shop.example", "shop", true),
            ("db.shop.internal", "shop", true),
            ("registry.example/shop:current", "shop", true),
            ("drill-shop", "shop", false),
            ("shop-drill", "shop", false),
            ("shops and shop", "shop", true),
            ("https://shop.example/health", "shop.example", true),
            ("read shop.example.", "shop.example", true),
            ("drill.shop.example", "shop.example", false),
            ("shop.example.internal", "shop.example", false),
            ("./ops/db/remove.sh", "db", false),
            ("pg_dump db", "db", true),
            ("--app=db", "db", true),
        ] {
            assert_eq!(!places(text, value).is_empty(), found, "{value} in {text}");
        }
    }

    #[test]
    fn what_is_shared_may_hold_a_name_of_production() {
        let shared = vec!["registry.example/shop:current".to_owned(), "cdg".to_owned()];
        let off_limits = OffLimits { shared, ..OffLimits::default() };
        for (text, value, found) in [
            ("run registry.example/shop:current", "shop", false),
            ("run registry.example/shop:current --app shop", "shop", true),
            ("run registry.example/shop:current-2", "shop", true),
            ("--host db.cdg.example", "db.cdg.example", true),
        ] {
            assert_eq!(off_limits.names(text, value), found, "{value} in {text}");
        }
    }
}
