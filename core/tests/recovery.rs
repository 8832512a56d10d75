//! Recovery planning over a toy kind: choice, rejection, order, and independence from names.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::Attributes;
use drctl_core::addr::{Address, Name};
use drctl_core::provider::*;
use drctl_core::recovery::*;
use drctl_core::rule::Rule;
use drctl_core::value::Value;
use jiff::{SignedDuration, Timestamp};

/// A vault that holds data, or a copy of another vault's.
struct Vault;

/// What may be set.
#[derive(Attributes)]
struct VaultSpec {
    /// Its name.
    #[attribute(identity)]
    name: String,
    /// The vault it is a copy of.
    copy_of: Option<String>,
    /// Seconds by which the copy is behind.
    behind: Option<i64>,
}

/// What the cloud decides.
#[derive(Attributes)]
struct VaultOutputs {
    /// Its ARN.
    arn: Option<String>,
}

const NOW: &str = "2026-11-21T03:00:00Z";

impl Kind for Vault {
    const NAME: &'static str = "toy_vault";
    const DOCS: &'static str = "A toy.";
    const READS: Reads = Reads::Each;
    const CREATES: bool = true;
    type Cloud = ();
    type Spec = VaultSpec;
    type Outputs = VaultOutputs;

    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        identity.get("name")?.as_str().map(|n| Id(n.to_owned()))
    }
    fn rules() -> &'static [Rule] {
        &[]
    }
    async fn read(_: &(), _: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        Ok(None)
    }
    async fn create(_: &(), _: &Attempt, _: &VaultSpec) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn update(
        _: &(),
        _: &Attempt,
        _: &VaultSpec,
        _: &VaultSpec,
        _: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn delete(_: &(), _: &Attempt, _: &Id) -> Result<(), ProviderError> {
        Ok(())
    }
    fn protections(subject: &Subject<'_>) -> Vec<Protection> {
        let region = subject.place.region.clone().unwrap_or_default();
        let Some(of) = subject.attributes.get("copy_of").and_then(Value::as_str) else {
            return vec![Protection::PointInTime { region, window: None }];
        };
        let behind = match subject.attributes.get("behind") {
            Some(Value::Number(n)) => n.as_i64().unwrap(),
            _ => 0,
        };
        let latest = NOW.parse::<Timestamp>().unwrap() - SignedDuration::from_secs(behind);
        let window = Some(Window { earliest: None, latest: Some(latest) });
        vec![Protection::ReplicatedBackups { of: of.to_owned(), backup: None, region, window }]
    }
    fn recover(_: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep> {
        let step = |phase: Phase, id: &str, needs: &[&str], minutes: i64| RecoveryStep {
            id: id.to_owned(),
            summary: format!("{id} {}", target.name),
            phase,
            nature: StepNature::Auto,
            needs: needs.iter().map(|n| (*n).to_owned()).collect(),
            before: vec![],
            api: Some(ApiNeed {
                service: "vault".to_owned(),
                region: target.region.clone(),
                control_plane: true,
            }),
            command: vec![],
            estimate: Estimate {
                p50: SignedDuration::from_mins(minutes),
                p95: SignedDuration::from_mins(2 * minutes),
                source: "default".to_owned(),
            },
            why: String::new(),
            facts: vec![],
        };
        match by {
            Protection::ReplicatedBackups { .. } => {
                vec![
                    step(Phase::Contain, "stop", &[], 1),
                    step(Phase::Restore, "restore", &["stop"], 10),
                    step(Phase::Verify, "verify", &["restore"], 1),
                    step(Phase::Redirect, "redirect", &["verify"], 1),
                    step(Phase::Protect, "protect", &["redirect"], 5),
                ]
            }
            _ => vec![],
        }
    }
}

static VAULT: Erased<Vault> = Erased::new();

fn vault(name: &str, region: &str, seen: Seen, attributes: &[(&str, Value)], needs: &[&str]) -> Component {
    Component {
        address: format!("toy_vault.{name}").parse().unwrap(),
        kind: &VAULT,
        id: Id(name.to_owned()),
        attributes: attributes.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
        outputs: [("arn".to_owned(), Value::from(format!("arn:{name}")))].into(),
        place: Place { region: Some(region.to_owned()), ..Place::default() },
        seen,
        needs: needs.iter().map(|n| format!("toy_vault.{n}").parse().unwrap()).collect(),
    }
}

fn plan(components: &[Component], datastores: &[&str], lost: &str) -> RecoveryPlan {
    let datastores: BTreeMap<Name, Address> = datastores
        .iter()
        .map(|d| (Name::new(*d).unwrap(), format!("toy_vault.{d}").parse().unwrap()))
        .collect();
    let plan = recover(&Input {
        components,
        datastores: &datastores,
        loss: &Loss { regions: [lost.to_owned()].into() },
        scenario: None,
        objective: Objective {
            rto: Some(SignedDuration::from_mins(30)),
            rpo: Some(SignedDuration::from_mins(10)),
        },
        at: None,
        now: NOW.parse().unwrap(),
    });
    assert_eq!(check(&plan), Vec::<String>::new());
    plan
}

fn gone() -> Seen {
    Seen::Unobserved("region lost".to_owned())
}

fn copy(name: &str, of: &str, region: &str, behind: i64) -> Component {
    let attributes = [("copy_of", Value::from(format!("arn:{of}"))), ("behind", Value::from(behind))];
    vault(name, region, Seen::Present, &attributes, &[of])
}

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
    assert_eq!((plan.rto.p50_s, plan.rto.p95_s, plan.rto.status), (Some(780), Some(1560), Status::Met));
    let critical: Vec<_> = plan.steps.iter().map(|s| (s.done_p95_s, s.critical)).collect();
    assert_eq!(critical, [(120, true), (1320, true), (1440, true), (1560, true), (2160, false)]);
    let window = &plan.unprotected[0];
    assert_eq!((&window.since, &window.until), (&BTreeSet::from([4]), &BTreeSet::from([5])));
    assert_eq!((window.p50_s, window.p95_s), (Some(300), Some(600)));
    assert!(plan.steps.iter().all(|s| s.summary.contains("main-dr20261121030000")));
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
    let order: Vec<_> = plan.steps.iter().map(|s| (s.datastore.as_str(), s.needs.clone())).collect();
    // Containment of both first, then what is needed, then what needs it, which does not wait for the
    // other to be protected again.
    assert_eq!(order[..2], [("base", BTreeSet::new()), ("api", BTreeSet::new())]);
    assert_eq!(order[2], ("base", BTreeSet::from([1])));
    assert_eq!(order[5], ("api", BTreeSet::from([2, 5])));
    assert_eq!(order[8..], [("base", BTreeSet::from([5])), ("api", BTreeSet::from([8]))]);
    assert_eq!(plan.rto.p95_s, Some(1560 + 1440));
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
