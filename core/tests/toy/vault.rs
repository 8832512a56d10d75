//! A toy kind that holds data or a copy of it, and the system in which recovery is planned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use drctl_core::Attributes;
use drctl_core::addr::Name;
use drctl_core::provider::*;
use drctl_core::recovery::*;
use drctl_core::rule::Rule;
use drctl_core::span::{FileId, SourceMap, Span};
use drctl_core::system::{Datastore, Declared, Listed, Many, ResourceRef, System, Written};
use drctl_core::value::Value;
use jiff::{SignedDuration, Timestamp};

/// A vault that holds data, or a copy of another vault's.
pub(crate) struct Vault;

/// What may be set.
#[derive(Attributes)]
pub(crate) struct VaultSpec {
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
pub(crate) struct VaultOutputs {
    /// Its ARN.
    arn: Option<String>,
}

pub(crate) const NOW: &str = "2026-11-21T03:00:00Z";

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
            return vec![Protection::PointInTime {
                region,
                lag_max: Some(SignedDuration::from_mins(5)),
                window: None,
            }];
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
            unsaid: None,
            api: Some(ApiNeed {
                service: "vault".to_owned(),
                region: target.region.clone(),
                control_plane: true,
            }),
            command: vec![],
            verb: (id == "restore").then(|| Verb {
                name: "restore".to_owned(),
                arguments: [("name".to_owned(), Value::from(target.name.clone()))].into(),
            }),
            within: None,
            estimate: Estimate {
                p50: SignedDuration::from_mins(minutes),
                p95: SignedDuration::from_mins(2 * minutes),
                source: "default".to_owned(),
            },
            why: String::new(),
            undo: match phase {
                Phase::Resume => Undo::Never { why: "in use".to_owned() },
                _ => Undo::ByHand { how: "leave it".to_owned() },
            },
            facts: vec![],
        };
        match by {
            Protection::ReplicatedBackups { .. } => {
                vec![
                    step(Phase::Contain, "stop", &[], 1),
                    step(Phase::Restore, "restore", &["stop"], 10),
                    step(Phase::Verify, "verify", &["restore"], 1),
                    step(Phase::Fence, "fence", &["verify"], 1),
                    step(Phase::Redirect, "redirect", &["fence"], 1),
                    step(Phase::Resume, "resume", &["redirect"], 1),
                    step(Phase::Protect, "protect", &["resume"], 5),
                ]
            }
            _ => vec![],
        }
    }
}

static VAULT: Erased<Vault> = Erased::new();

/// The `provider` block.
#[derive(Attributes)]
struct ToyProvider {
    /// Where.
    region: Option<String>,
}

static REGISTRY: Registry = Registry {
    providers: &[ProviderEntry {
        name: "toy",
        config: <ToyProvider as drctl_core::schema::Attributes>::ATTRIBUTES,
        kinds: &[&VAULT],
        facts: &[],
        keeps_objects: false,
    }],
};

/// The plan for the scenario `s` of a text, in which the vault `main` is declared.
pub(crate) fn planned(text: &str, components: &[Component]) -> RecoveryPlan {
    with_repositories(text, components, Listed::new())
}

/// The same, with what was seen in the repositories of backups.
pub(crate) fn with_repositories(text: &str, components: &[Component], listed: Listed) -> RecoveryPlan {
    let mut sources = SourceMap::default();
    let base = "provider \"toy\" {\n}\nresource \"toy_vault\" \"main\" {\n  name = \"main\"\n}\n\
                datastore \"main\" {\n  resource = toy_vault.main\n}\n";
    sources.add("main.dr.hcl", format!("{base}{text}"));
    let (config, diags) = drctl_core::config::load(&sources, &REGISTRY);
    assert!(!diags.has_errors(), "{diags:?}");
    let (mut system, diags) = drctl_core::plan::system(&config, &BTreeMap::new());
    assert!(!diags.has_errors(), "{diags:?}");
    system.listed = listed;
    let (name, scenario) = system.scenarios.first_key_value().unwrap();
    let loss = Loss::of(&scenario.is);
    let plan = recover(&Input {
        components: &components.iter().cloned().collect(),
        system: &system,
        dependents: &Dependents::of(&system),
        loss: &loss,
        hit: None,
        scenario: Some(name),
        objective: Objective::default(),
        at: &BTreeMap::new(),
        prefer: Prefer::default(),
        home: None,
        now: NOW.parse().unwrap(),
    });
    assert_eq!(check(&plan), Vec::<String>::new());
    plan
}

pub(crate) fn vault(
    name: &str,
    region: &str,
    seen: Seen,
    attributes: &[(&str, Value)],
    needs: &[&str],
) -> Component {
    Component {
        address: format!("toy_vault.{name}").parse().unwrap(),
        kind: &VAULT,
        id: Id(name.to_owned()),
        attributes: Arc::new(attributes.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect()),
        outputs: Arc::new([("arn".to_owned(), Value::from(format!("arn:{name}")))].into()),
        provider: "toy".parse().unwrap(),
        place: Place { region: Some(region.to_owned()), ..Place::default() },
        seen,
        needs: needs.iter().map(|n| format!("toy_vault.{n}").parse().unwrap()).collect(),
    }
}

/// The plan, which is sound.
pub(crate) fn plan(components: &[Component], datastores: &[&str], lost: &str) -> RecoveryPlan {
    let mut system = System::default();
    for name in datastores {
        let held = ResourceRef(format!("toy_vault.{name}").parse().unwrap());
        let is = Datastore { resource: Some(held), ..Datastore::default() };
        let written = Written {
            attributes: BTreeMap::new(),
            spans: BTreeMap::new(),
            many: Many::One,
            span: Span { file: FileId(0), start: 0, end: 0 },
            block: Span { file: FileId(0), start: 0, end: 0 },
        };
        system.datastores.insert(Name::new(*name).unwrap(), Declared { is, written });
    }
    let plan = recover(&Input {
        components: &components.iter().cloned().collect(),
        system: &system,
        dependents: &Dependents::of(&system),
        loss: &Loss { regions: [lost.to_owned()].into(), ..Loss::default() },
        hit: None,
        scenario: None,
        objective: Objective {
            rto: Some(SignedDuration::from_mins(30)),
            rpo: Some(SignedDuration::from_mins(10)),
        },
        at: &BTreeMap::new(),
        prefer: Prefer::default(),
        home: None,
        now: NOW.parse().unwrap(),
    });
    assert_eq!(check(&plan), Vec::<String>::new());
    plan
}

pub(crate) fn gone() -> Seen {
    Seen::Unobserved("region lost".to_owned())
}

pub(crate) fn copy(name: &str, of: &str, region: &str, behind: i64) -> Component {
    let attributes = [("copy_of", Value::from(format!("arn:{of}"))), ("behind", Value::from(behind))];
    vault(name, region, Seen::Present, &attributes, &[of])
}
