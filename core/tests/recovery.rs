//! Recovery planning over a toy kind: choice, rejection, order, independence from names, and what must
//! hold for every plan.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "toy/vault.rs"]
mod vault;

use std::collections::BTreeSet;

use drctl_core::provider::*;
use drctl_core::recovery::*;
use drctl_core::stored::{Made, Stored};
use drctl_core::value::Value;
use proptest::prelude::*;
use vault::{copy, gone, plan, planned, vault};

#[test]
fn the_newest_data_outside_of_the_loss_is_chosen_and_the_others_say_why_not() {
    let system = [
        vault("main", "r-east", gone(), &[], &[]),
        copy("old", "main", "r-west", 600),
        copy("new", "main", "r-west", 120),
        copy("here", "main", "r-east", 0),
    ];
    let plan = plan(&system, &["main"], "r-east");
    let choice = &plan.chosen_points[0];
    assert_eq!(choice.from.to_string(), "toy_vault.new");
    assert_eq!(choice.data_loss_s, Some(120));
    let why: Vec<_> = choice.rejected.iter().map(|r| format!("{}: {}", r.from, r.why)).collect();
    assert_eq!(
        why,
        [
            "toy_vault.main: it lives in r-east, which is lost",
            "toy_vault.here: it lives in r-east, which is lost",
            "toy_vault.old: loses 8m more",
        ]
    );
    assert_eq!((plan.rto.p50_s, plan.rto.p95_s, plan.rto.status), (Some(900), Some(1800), Status::Met));
    let critical: Vec<_> = plan.steps.iter().map(|s| (s.done_p95_s, s.critical)).collect();
    assert_eq!(
        critical,
        [(120, true), (1320, true), (1440, true), (1560, true), (1680, true), (1800, true), (2400, false)]
            .map(|(s, c)| (Some(s), c))
    );
    let window = &plan.unprotected[0];
    assert_eq!((&window.since, &window.until), (&BTreeSet::from([6]), &BTreeSet::from([7])));
    assert_eq!((window.p50_s, window.p95_s), (Some(300), Some(600)));
    assert!(plan.steps.iter().all(|s| s.summary.contains("main-dr20261121030000")));
}

#[test]
fn what_the_kind_does_is_done_through_the_provider_that_holds_the_data() {
    let holder = Component { provider: "toy.west".parse().unwrap(), ..copy("new", "main", "r-west", 120) };
    let foreign = Component { provider: "other".parse().unwrap(), ..holder.clone() };
    for (holder, by_kind) in [(holder, true), (foreign, false)] {
        let plan = plan(&[vault("main", "r-east", gone(), &[], &[]), holder], &["main"], "r-east");
        let restore = &plan.steps[1];
        let Action::Verb { through, verb } = &restore.carried.action else {
            assert!(!by_kind, "{restore:?}");
            assert!(restore.before[0].contains("no provider block leads to r-west"), "{restore:?}");
            continue;
        };
        assert!(by_kind && restore.carried.repeatable);
        let to = (through.provider.to_string(), through.region.as_str(), through.kind.as_str());
        assert_eq!(to, ("toy.west".to_owned(), "r-west", "toy_vault"));
        let name = verb.arguments["name"].as_str().unwrap();
        assert!(restore.summary.ends_with(name), "{name}");
        assert!(plan.steps.iter().filter(|s| s.id != restore.id).all(|s| s.carried.action == Action::Person));
    }
}

#[test]
fn without_a_copy_the_datastore_is_infeasible_and_says_why() {
    let system = [
        vault("main", "r-east", gone(), &[], &[]),
        vault("copy", "r-west", Seen::Absent, &[("copy_of", Value::from("arn:main"))], &["main"]),
    ];
    let plan = plan(&system, &["main"], "r-east");
    assert!(plan.steps.is_empty());
    assert_eq!(plan.rpo.status, Status::NoPlan);
    assert_eq!(plan.infeasible[0].why, "no protection of toy_vault.main is left after the loss of r-east");
    assert!(plan.infeasible[0].rejected.iter().any(|r| r.why.contains("never applied")));
}

#[test]
fn what_a_datastore_needs_is_brought_back_before_it() {
    let system = [
        vault("api", "r-east", gone(), &[], &["base"]),
        vault("base", "r-east", gone(), &[], &[]),
        copy("api-copy", "api", "r-west", 60),
        copy("base-copy", "base", "r-west", 60),
    ];
    let plan = plan(&system, &["api", "base"], "r-east");
    let order: Vec<_> =
        plan.steps.iter().map(|s| (s.datastore.as_ref().unwrap().as_str(), s.needs.clone())).collect();
    // Containment of both first, then what is needed, then what needs it, which does not wait for the
    // other to be protected again.
    assert_eq!(order[..2], [("base", BTreeSet::new()), ("api", BTreeSet::new())]);
    assert_eq!(order[2], ("base", BTreeSet::from([1])));
    assert_eq!(order[7], ("api", BTreeSet::from([2, 7])));
    assert_eq!(order[12..], [("base", BTreeSet::from([7])), ("api", BTreeSet::from([12]))]);
    assert_eq!(plan.rto.p95_s, Some(1800 + 1680));
    assert_eq!(plan.rto.status, Status::Missed);
}

#[test]
fn another_name_and_swapped_regions_give_the_same_plan() {
    let one = [vault("main", "r-east", gone(), &[], &[]), copy("twin", "main", "r-west", 60)];
    let two = [vault("zulu", "r-west", gone(), &[], &[]), copy("yank", "zulu", "r-east", 60)];
    let text = |plan: &RecoveryPlan| serde_json::to_string(plan).unwrap();
    let one = text(&plan(&one, &["main"], "r-east"));
    let two = text(&plan(&two, &["zulu"], "r-west"));
    let swapped = two
        .replace("zulu", "main")
        .replace("yank", "twin")
        .replace("r-west", "\u{0}")
        .replace("r-east", "r-west")
        .replace('\u{0}', "r-east");
    assert_eq!(one, swapped);
}

#[test]
fn a_lost_region_that_holds_no_datastore_leaves_it_untouched() {
    let system = [vault("main", "r-east", Seen::Present, &[], &[])];
    let plan = plan(&system, &["main"], "north");
    assert_eq!(plan.untouched.len(), 1);
    assert!(plan.steps.is_empty() && plan.infeasible.is_empty());
}

/// A procedure that restores the vault.
const BACK: &str = r#"
procedure "back" {
  step "stop" {
    manual = "Stop what writes"
  }
  step "restore" {
    after   = [step.stop]
    restore = datastore.main
  }
  step "look" {
    after    = [step.restore]
    run      = ["look"]
    estimate = "1m"
  }
}
"#;

#[test]
fn a_written_restore_of_a_resource_is_done_as_its_kind_knows() {
    let lost = "scenario \"s\" {\n recover = [procedure.back]\n lose \"resource\" {\n resource = toy_vault.main\n}\n}\n";
    let system = [vault("main", "r-east", Seen::Present, &[], &[]), copy("new", "main", "r-west", 120)];
    let plan = planned(&format!("{BACK}{lost}"), &system);
    let steps: Vec<_> = plan.steps.iter().map(|s| (s.summary.as_str(), s.p95_s, s.needs.clone())).collect();
    let restore = "restore main-dr20261121030000";
    assert_eq!(
        steps,
        [
            ("Stop what writes", None, BTreeSet::new()),
            (restore, Some(1200), BTreeSet::from([1])),
            ("run `look`", Some(60), BTreeSet::from([2])),
        ]
    );
    let choice = &plan.chosen_points[0];
    assert_eq!(
        (choice.from.as_str(), choice.step, choice.data_loss_s),
        ("toy_vault.new", Some(2), Some(120))
    );
    assert!(choice.rejected.iter().any(|r| r.why == "toy_vault.main is lost"), "{:?}", choice.rejected);
    assert_eq!((plan.rto.status, plan.rto.p95_s), (Status::Unknown, None));
}

#[test]
fn wrong_data_comes_back_from_before_it_can_have_gone_wrong() {
    let system = [vault("main", "r-east", Seen::Present, &[], &[]), copy("new", "main", "r-west", 120)];
    let lost = |within: &str| {
        format!("scenario \"s\" {{\n lose \"data\" {{\n datastore = datastore.main\n{within}}}\n}}\n")
    };
    let plan = planned(&lost("noticed_within = \"1h\"\n"), &system);
    let choice = &plan.chosen_points[0];
    assert_eq!((choice.point, choice.data_loss_s), ("2026-11-21T02:00:00Z".parse().ok(), Some(3600)));
    assert!(plan.steps.iter().all(|s| s.written.is_none()) && plan.steps.len() == 7);
    let open = planned(&lost(""), &system);
    assert_eq!(open.rpo.status, Status::Unknown, "nobody says since when it is wrong");
}

/// A sound plan of two datastores.
fn sound() -> RecoveryPlan {
    let system = [
        vault("api", "r-east", gone(), &[], &["base"]),
        vault("base", "r-east", gone(), &[], &[]),
        copy("api-copy", "api", "r-west", 60),
        copy("base-copy", "base", "r-west", 60),
    ];
    plan(&system, &["api", "base"], "r-east")
}

#[test]
fn every_flaw_of_a_plan_is_found() {
    type Break = fn(&mut RecoveryPlan);
    let cases: [(&str, Break); 18] = [
        ("step 7 stands in the place of step 1", |p| p.steps[0].id = 7),
        ("step 1 needs step 9, which is not before it", |p| p.steps[0].needs = [9].into()),
        ("step 4 may start before step 3, of an earlier phase", |p| p.steps[3].needs.clear()),
        ("step 5 relies on what no step verified", |p| p.steps[4].needs = [3].into()),
        ("step 3 needs an API in r-east", |p| p.steps[2].api.as_mut().unwrap().region = "r-east".to_owned()),
        ("step 3 destroys before anything was verified", |p| {
            p.steps[2].command_equivalent = ["aws", "rds", "delete-db-instance"].map(str::to_owned).into();
        }),
        ("the command of step 3 goes to r-east", |p| {
            p.steps[2].command_equivalent = ["aws", "--region", "r-east"].map(str::to_owned).into();
        }),
        ("the command of step 3 goes to r-east", |p| {
            p.steps[2].command_equivalent = vec!["db.r-east.rds.amazonaws.com".to_owned()];
        }),
        ("step 1 has no estimate that could be true", |p| p.steps[0].p50_s = p.steps[0].p95_s.map(|s| s + 1)),
        ("api comes back in r-east, which is lost", |p| {
            p.chosen_points[0].region = Some("r-east".to_owned())
        }),
        ("no step brings base back", |p| {
            p.steps.retain(|s| s.datastore.as_ref().unwrap().as_str() != "base")
        }),
        ("step 6 redirects before anything made sure that nothing writes", |p| p.steps[5].needs = [4].into()),
        ("nothing says from which step on base cannot go back", |p| p.pivots.retain(|v| v.step != 7)),
        ("api has its pivot at step 99, which is none", |p| p.pivots[0].step = 99),
        ("nothing says from which step on api cannot go back", |p| {
            let again = p.pivots[0].clone();
            p.pivots.push(again);
        }),
        ("there is no way back after step 3, before anything was verified", |p| p.pivots[1].step = 3),
        ("nothing says how step 3 is taken back", |p| p.pivots[1].no_undo = [3].into()),
        ("nothing says how long api is unprotected", |p| p.unprotected.clear()),
    ];
    for (expected, break_it) in cases {
        let mut plan = sound();
        break_it(&mut plan);
        let found = check(&plan);
        assert!(found.iter().any(|f| f.starts_with(expected)), "{expected}: {found:#?}");
    }
    // An ARN may name what was lost: it is where the data comes from.
    let mut named = sound();
    named.steps[2].command_equivalent = ["--source", "arn:toy:r-east:base"].map(str::to_owned).into();
    assert_eq!(check(&named), Vec::<String>::new());
}

/// One copy: of which vault, where, how far behind, and what was seen of it.
#[derive(Debug, Clone)]
struct Copied {
    of: usize,
    region: usize,
    behind: i64,
    seen: usize,
}

const REGIONS: [&str; 3] = ["r-east", "r-north", "r-west"];

/// A small system: of each vault its region and those that it needs, which come before it.
fn systems() -> impl Strategy<Value = (Vec<(usize, usize)>, Vec<Copied>)> {
    let copied = (0..4usize, 0..3usize, 0..5000i64, 0..4usize);
    let copied = copied.prop_map(|(of, region, behind, seen)| Copied { of, region, behind, seen });
    (prop::collection::vec((0..3usize, 0..16usize), 1..5), prop::collection::vec(copied, 0..8))
}

fn built(vaults: &[(usize, usize)], copies: &[Copied]) -> Vec<Component> {
    let name = |i: usize| format!("v{i}");
    let mut system: Vec<Component> = Vec::new();
    for (i, (region, needs)) in vaults.iter().enumerate() {
        let needs: Vec<String> = (0..i).filter(|j| needs >> j & 1 == 1).map(name).collect();
        let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
        let seen = if *region == 0 { gone() } else { Seen::Present };
        system.push(vault(&name(i), REGIONS[*region], seen, &[], &needs));
    }
    for (i, copied) in copies.iter().enumerate() {
        let of = name(copied.of % vaults.len());
        let mut component = copy(&format!("c{i}"), &of, REGIONS[copied.region], copied.behind);
        component.seen = match (copied.region, copied.seen) {
            (0, _) => gone(),
            (_, 0) => Seen::Absent,
            (_, 1) => Seen::Unobserved("denied".to_owned()),
            (_, _) => Seen::Present,
        };
        system.push(component);
    }
    system
}

/// How bad the loss of data is: nothing worse than no way back, then no bound, then the seconds.
fn badness(plan: &RecoveryPlan, datastore: &str) -> i64 {
    let choice = plan.chosen_points.iter().find(|c| c.datastore.as_str() == datastore);
    choice.map_or(i64::MAX, |c| c.data_loss_s.unwrap_or(i64::MAX - 1))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// [`plan`] itself asserts that each is sound.
    #[test]
    fn random_systems_are_planned_alike_and_lose_more_with_less((vaults, copies) in systems(), drop in 0..8usize) {
        let names: Vec<String> = (0..vaults.len()).map(|i| format!("v{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let system = built(&vaults, &copies);
        let one = plan(&system, &names, "r-east");

        let mut turned = system.clone();
        turned.reverse();
        let other = plan(&turned, &names, "r-east");
        prop_assert_eq!(&one.steps, &other.steps, "the order of the components does not matter");
        prop_assert_eq!(&one.rto, &other.rto);

        let accounted = one.chosen_points.len() + one.infeasible.len() + one.untouched.len();
        prop_assert_eq!(accounted, names.len(), "every datastore is accounted for");
        for step in one.steps.iter().filter(|s| s.phase < Some(Phase::Protect)) {
            prop_assert!(one.rto.p95_s.is_none_or(|p95| step.done_p95_s <= Some(p95)));
        }
        if let Some(removed) = copies.get(drop) {
            let mut fewer = copies.clone();
            fewer.remove(drop);
            let less = plan(&built(&vaults, &fewer), &names, "r-east");
            for name in &names {
                // What was observed goes before what was not, even where that has newer data.
                let safe = copies.iter().all(|c| c.seen != 1);
                prop_assert!(!safe || badness(&less, name) >= badness(&one, name), "{name} without {removed:?}");
            }
        }
    }
}

/// One backup of a random system: minutes between two, minutes one takes, minutes until it is there, and
/// whether it is kept where the loss does not reach.
type Scheduled = (u32, Option<u32>, u32, bool);

/// A datastore at a site that is lost, its backups, and the step that restores it.
fn restored(backups: &[Scheduled]) -> String {
    let mut text = "site \"a\" {\n}\nsite \"b\" {\n}\ndatastore \"d\" {\n  site = site.a\n}\n\
                    service \"s\" {\n  data = [datastore.d]\n  recover = procedure.p\n}\n\
                    procedure \"p\" {\n  step \"x\" {\n    restore = datastore.d\n  }\n}\n\
                    scenario \"s\" {\n  lose \"site\" {\n    site = site.a\n  }\n}\n"
        .to_owned();
    for (n, (every, takes, transfer, away)) in backups.iter().enumerate() {
        let takes = takes.map(|t| format!("    takes = \"{t}m\"\n")).unwrap_or_default();
        let site = if *away { "b" } else { "a" };
        text += &format!(
            "backup \"b{n}\" {{\n  of = datastore.d\n  external {{\n    schedule = rate(\"{every}m\")\n{takes}    \
             restore = [\"restore\"]\n  }}\n  to \"x\" {{\n    site = site.{site}\n    transfer = \"{transfer}m\"\n  }}\n}}\n"
        );
    }
    text
}

/// What the datastore `d` is restored from.
fn taken(plan: &RecoveryPlan) -> Option<String> {
    let choice = plan.chosen_points.iter().find(|choice| choice.datastore.as_str() == "d");
    choice.map(|choice| choice.from.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// That, and no other, is what the objectives count on.
    #[test]
    fn of_declared_backups_the_one_is_taken_that_loses_least_at_worst(
        backups in prop::collection::vec((1..3000u32, prop::option::of(0..300u32), 0..100u32, any::<bool>()), 1..6)
    ) {
        let plan = planned(&restored(&backups), &[]);
        let away = backups.iter().enumerate().filter(|(_, (_, _, _, away))| *away);
        let best = away.min_by_key(|(n, (every, takes, transfer, _))| {
            let worst = takes.map(|takes| every + takes + transfer);
            (worst.is_none(), worst, *every, *n)
        });
        prop_assert_eq!(taken(&plan), best.map(|(n, _)| format!("backup.b{n}")), "{}", restored(&backups));
    }
}

#[test]
fn what_stands_in_a_repository_counts_and_not_what_its_schedule_says() {
    let text = restored(&[(60, Some(5), 0, true), (1440, Some(30), 0, true)]);
    let hours_ago = |hours: i64| {
        let began = vault::NOW.parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_hours(hours);
        Stored {
            id: format!("at {began}"),
            made: Made::Dump,
            began,
            ended: began,
            bytes: None,
            stored_bytes: None,
            flaw: None,
            repository: None,
            locked_until: None,
            builds_on: Vec::new(),
        }
    };
    let [hourly, daily] = ["b0", "b1"].map(|name| name.parse::<drctl_core::addr::Name>().unwrap());
    let cases = [
        // Nobody has looked: the schedules count.
        (vec![], "backup.b0", "at worst it loses 23h 25m more"),
        (vec![(hourly.clone(), 1), (daily.clone(), 10)], "backup.b0", "it loses 9h more"),
        // The hourly one has failed for days.
        (vec![(hourly.clone(), 120), (daily.clone(), 10)], "backup.b1", "it loses 4d 14h more"),
        (vec![(hourly, 120)], "backup.b1", "it loses 3d 23h more"),
    ];
    for (seen, wanted, why) in cases {
        let listed = seen.into_iter().map(|(name, hours)| (name, Ok(vec![hours_ago(hours)]))).collect();
        let plan = vault::with_repositories(&text, &[], listed);
        assert_eq!(taken(&plan).as_deref(), Some(wanted));
        let choice = plan.chosen_points.iter().find(|choice| choice.datastore.as_str() == "d").unwrap();
        assert_eq!(choice.rejected.iter().map(|r| r.why.as_str()).collect::<Vec<_>>(), [why]);
    }
}
