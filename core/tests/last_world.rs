//! What is kept of the observed world: each thing with its own time, no secrets, and nothing that is
//! taken for more than it was when it is recalled.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod toy;

use std::collections::BTreeMap;

use drctl_core::addr::Address;
use drctl_core::config::Config;
use drctl_core::last_world::{Expected, LastWorld, Unreadable};
use drctl_core::plan::{Expanded, LastSeen, Observation, ProviderHead, World, expanded};
use drctl_core::provider::{ErrorClass, Id, Observed, Place, Unobserved};
use drctl_core::span::SourceMap;
use drctl_core::state::{Owned, State};
use drctl_core::value::Value;
use jiff::Timestamp;

/// A configuration and what it makes of a world.
struct Case {
    config: Config,
    variables: BTreeMap<drctl_core::addr::Name, Value>,
}

impl Case {
    fn new(text: &str) -> Case {
        let mut sources = SourceMap::default();
        sources.add("main.dr.hcl", text);
        let (config, diags) = drctl_core::config::load(&sources, &toy::registry());
        assert!(!diags.has_errors(), "{diags:?}");
        let defaults = config.variables.iter();
        let variables =
            defaults.filter_map(|(name, v)| Some((name.clone(), v.default.as_ref()?.value()?))).collect();
        Case { config, variables }
    }

    fn expanded(&self, world: &World) -> Expanded {
        expanded(&self.config, &self.variables, world, &toy::registry(), None)
    }

    /// Takes it in, twice: it says what makes a difference.
    fn merge(&self, last: &mut LastWorld, world: &World, now: &str) {
        for first in [true, false] {
            let before = last.clone();
            let changed = last.merge((world, &self.expanded(world).instances), (&self.config, None), at(now));
            assert_eq!(changed, *last != before, "{now}");
            assert!(first || !changed, "{now}");
        }
    }

    fn recall(&self, last: &LastWorld) -> World {
        last.recall(world(&[]).places, at("03:00"), |world| self.expanded(world)).0
    }
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-21T{text}:00Z").parse().unwrap()
}

fn addr(text: &str) -> Address {
    text.parse().unwrap()
}

fn bucket(name: &str, attributes: &[(&str, Value)]) -> Observation {
    Observation::from(Some(Observed {
        id: Id(name.to_owned()),
        attributes: attributes.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
        outputs: [("serial".to_owned(), Value::from(format!("serial-{name}")))].into(),
        unobserved: BTreeMap::new(),
        pending: BTreeMap::new(),
        managed_by: BTreeMap::new(),
    }))
}

fn silent() -> Observation {
    Observation::Unobserved(Unobserved { class: ErrorClass::Timeout, message: "no answer".to_owned() })
}

fn head(region: &str) -> ProviderHead {
    let place = Place { region: Some(region.to_owned()), account: Some("1".to_owned()), ..Place::default() };
    ProviderHead { place, simulated: true, unobserved: None }
}

fn world(observations: &[(&str, Observation)]) -> World {
    World {
        observations: observations.iter().map(|(a, o)| (addr(a), o.clone())).collect(),
        places: [("toy".parse().unwrap(), head("here"))].into(),
        ..World::default()
    }
}

fn days(days: i64) -> Observation {
    bucket("a", &[("days", days.into())])
}

const ONE: &str = "resource \"toy_bucket\" \"a\" {\n  name = \"a\"\n  days = 7\n}\n";

#[test]
fn what_is_not_observed_keeps_the_earlier_sighting_and_its_time() {
    let case = Case::new(ONE);
    // What each look gives, and what is known afterwards: the time of the sighting and the days seen.
    let looks: [(&str, Observation, &str, Option<i64>); 5] = [
        ("01:00", days(3), "01:00", Some(3)),
        ("02:00", silent(), "01:00", Some(3)),
        ("03:00", days(5), "03:00", Some(5)),
        ("04:00", Observation::Absent, "04:00", None),
        ("05:00", silent(), "04:00", None),
    ];
    let mut last = LastWorld::default();
    for (now, seen, kept, value) in looks {
        case.merge(&mut last, &world(&[("toy_bucket.a", seen)]), now);
        let sighting = &last.sightings[&addr("toy_bucket.a")];
        assert_eq!(sighting.observed_at, at(kept), "{now}");
        let days = sighting.observed.as_ref().map(|o| o.attributes["days"].clone());
        assert_eq!(days, value.map(Value::from), "{now}");
        assert_eq!(LastWorld::from_json(&last.to_json()), Ok(last.clone()));
    }
}

#[test]
fn a_sighting_is_let_go_of_with_its_block_and_not_before() {
    let mut last = LastWorld::default();
    Case::new(ONE).merge(&mut last, &world(&[("toy_bucket.a", days(7))]), "01:00");
    // How many there are cannot be told while the database does not answer.
    let counted = "resource \"toy_db\" \"d\" {\n  name = \"d\"\n}\nresource \"toy_bucket\" \"a\" {\n  \
                   count = length(toy_db.d.endpoint)\n  name = \"a\"\n}\n";
    Case::new(counted).merge(&mut last, &world(&[("toy_db.d", silent())]), "02:00");
    assert!(last.sightings.contains_key(&addr("toy_bucket.a")));
    Case::new(&ONE.replace("\"a\" {", "\"b\" {")).merge(&mut last, &world(&[]), "03:00");
    assert!(last.sightings.is_empty());
}

#[test]
fn no_secret_is_kept_and_none_is_taken_for_unset() {
    let case = Case::new(
        "variable \"team\" {\n  default   = \"hunter2\"\n  sensitive = true\n}\nresource \"toy_bucket\" \"a\" \
         {\n  name = \"a\"\n  days = 7\n  class = \"x\"\n  tags = { team = var.team }\n}\n",
    );
    let tags = Value::Object([("team".to_owned(), Value::from("hunter2"))].into());
    let secrets = [
        ("tags", tags),
        ("password", "hunter2".into()),
        ("class", "hunter2".into()),
        ("days", Value::from(7)),
    ];
    let mut state = State::new("line");
    let owned = Owned {
        provider: "toy".parse().unwrap(),
        id: Id("a".to_owned()),
        created: true,
        made_by: None,
        applied: BTreeMap::new(),
        fingerprints: [("class".to_owned(), "digest".to_owned())].into(),
        outputs: BTreeMap::new(),
    };
    state.resources.insert(addr("toy_bucket.a"), owned);
    let seen = world(&[("toy_bucket.a", bucket("a", &secrets))]);
    let mut last = LastWorld::default();
    last.merge((&seen, &case.expanded(&seen).instances), (&case.config, Some(&state)), at("01:00"));
    assert!(!last.to_json().contains("hunter2"), "{}", last.to_json());
    let recalled = case.recall(&last);
    let Observation::Present(found) = &recalled.observations[&addr("toy_bucket.a")] else { panic!() };
    assert_eq!(found.attributes.keys().collect::<Vec<_>>(), ["days"]);
    for name in ["tags", "class"] {
        assert!(found.unobserved.contains_key(name), "{name}");
    }
}

#[test]
fn what_was_not_asked_for_or_makes_no_sense_is_unobserved() {
    let mut last = LastWorld::default();
    Case::new(ONE).merge(&mut last, &world(&[("toy_bucket.a", days(7))]), "01:00");
    let observed = last.sightings.get_mut(&addr("toy_bucket.a")).unwrap().observed.as_mut().unwrap();
    observed.attributes.insert("days".to_owned(), "many".into());
    observed.attributes.insert("nonsense".to_owned(), "x".into());
    observed.outputs.insert("nonsense".to_owned(), "x".into());
    let now = Case::new(&ONE.replace("days = 7", "days = 7\n  versioning = true")).recall(&last);
    let Observation::Present(found) = &now.observations[&addr("toy_bucket.a")] else { panic!() };
    assert!(found.attributes.is_empty(), "{:?}", found.attributes);
    assert_eq!(found.unobserved.keys().collect::<Vec<_>>(), ["days", "versioning"]);
    assert_eq!(found.outputs.keys().collect::<Vec<_>>(), ["serial"]);
    assert_eq!(now.last_seen().unwrap().as_of, Some(at("01:00")));
}

#[test]
fn another_thing_or_another_place_was_never_seen() {
    let mut last = LastWorld::default();
    Case::new(ONE).merge(&mut last, &world(&[("toy_bucket.a", days(7))]), "01:00");
    let other = Case::new(&ONE.replace("name = \"a\"", "name = \"b\"")).recall(&last);
    assert!(matches!(other.observations[&addr("toy_bucket.a")], Observation::Unobserved(_)));
    assert_eq!(other.last_seen(), Some(LastSeen { as_of: None, never: 1 }));
    // Under another address it is still the same thing.
    let moved = Case::new(&ONE.replace("\"a\" {", "\"b\" {")).recall(&last);
    assert!(matches!(moved.observations[&addr("toy_bucket.b")], Observation::Present(_)));
    let expected = |account: &str, region: &str, simulated| Expected {
        account: Some(account.to_owned()),
        region: Some(region.to_owned()),
        simulated,
    };
    let unknown = Expected { simulated: true, ..Expected::default() };
    for (expected, fits) in [
        (expected("1", "here", true), true),
        (unknown, true),
        (expected("2", "here", true), false),
        (expected("1", "there", true), false),
        (expected("1", "here", false), false),
    ] {
        let mut left = last.clone();
        let elsewhere = left.restrict(&[("toy".parse().unwrap(), expected.clone())].into());
        assert_eq!(elsewhere.is_empty(), fits, "{expected:?}");
        assert_eq!(left.sightings.is_empty(), !fits, "{expected:?}");
    }
}

#[test]
fn a_gap_is_filled_with_its_age_and_makes_other_names_known() {
    let case =
        Case::new(&format!("{ONE}resource \"toy_bucket\" \"b\" {{\n  name = toy_bucket.a.serial\n}}\n"));
    let mut last = LastWorld::default();
    let calm = world(&[("toy_bucket.a", days(7)), ("toy_bucket.b", bucket("serial-a", &[]))]);
    case.merge(&mut last, &calm, "01:00");
    let storm = world(&[("toy_bucket.a", silent())]);
    assert!(case.expanded(&storm).instances.iter().any(|i| i.id.is_none()));
    let (filled, found) = last.filled(&storm, at("03:13"), |world| case.expanded(world));
    assert!(found.instances.iter().all(|i| i.id.is_some()));
    assert!(matches!(filled.observations[&addr("toy_bucket.a")], Observation::Present(_)));
    let why = filled.earlier[&addr("toy_bucket.a")].why.as_ref().unwrap();
    assert_eq!(why.message, "no answer; last seen 2026-11-21T01:00:00Z (2h 13m ago)");
    assert_eq!(filled.last_seen(), None, "somebody was asked");
    // Only what was asked and did not answer is filled: the other one has yet to be asked.
    assert!(!filled.observations.contains_key(&addr("toy_bucket.b")));
}

#[test]
fn newer_and_malformed_files_are_refused() {
    let text = LastWorld::default().to_json();
    let newer = LastWorld::from_json(&text.replace("\"1.0\"", "\"2.0\""));
    assert_eq!(newer, Err(Unreadable::Newer("2.0".to_owned())));
    assert!(LastWorld::from_json(&text.replace("\"1.0\"", "\"1.7\"")).is_ok());
    for text in ["", "{}", "[]", "{\"format_version\":\"x\"}", "{\"format_version\":\"1.0\"}"] {
        assert!(matches!(LastWorld::from_json(text), Err(Unreadable::Malformed(_))), "{text}");
    }
}

#[test]
fn of_two_the_later_sighting_stands_unless_its_clock_is_another() {
    let case = Case::new(ONE);
    let look = |hour: &str, kept: i64| {
        let mut last = LastWorld::default();
        let seen = world(&[("toy_bucket.a", days(kept))]);
        last.merge((&seen, &case.expanded(&seen).instances), (&case.config, None), at(hour));
        last
    };
    let of = |last: &LastWorld| last.sightings[&addr("toy_bucket.a")].observed_at;
    let (early, late) = (look("01:00", 7), look("02:00", 8));
    let absorbed = |mut into: LastWorld, other: &LastWorld, now: &str| {
        into.absorb(other.clone(), at(now));
        into
    };
    assert_eq!(absorbed(early.clone(), &late, "01:30"), late);
    assert_eq!(absorbed(late.clone(), &early, "02:00"), late);
    assert_eq!(of(&absorbed(early.clone(), &late, "00:59")), at("01:00"), "too far ahead");
    assert_eq!(absorbed(LastWorld::default(), &early, "01:00"), early);
    assert_eq!((early.newest(), LastWorld::default().newest()), (Some(at("01:00")), None));
}
