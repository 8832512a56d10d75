//! A plan with everything that can be shown, for the tests of the renderers.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use drctl_core::addr::{InstanceKey, ModulePath, Name, ProviderAddress};
use drctl_core::fact::{Fact, FactId};
use drctl_core::findings::{Finding, Placed, RuleId, Waived};
use drctl_core::lang::expr::{Expr, ExprKind, PathStep, Reference, Subject};
use drctl_core::map::Map;
use drctl_core::objective::{Judgement, Metric, Promise, Term, Worst};
use drctl_core::plan::{
    AcceptKind, Acceptance, Action, After, AttributeChange, OutputChange, Plan, ProviderHead, ResourceChange,
    Selection, Source, StateRef,
};
use drctl_core::provider::{ErrorClass, Id, Observed, Pending, Place, ProviderEntry, Registry, Unobserved};
use drctl_core::recovery::Status;
use drctl_core::rule::{Effect, Note, Timing, Window};
use drctl_core::span::{FileId, Position, Span};
use drctl_core::value::Value;
use jiff::Timestamp;

use super::view::View;

static FACTS: &[Fact] = &[Fact {
    id: "R3",
    text: "Shortening the retention deletes the restore points beyond it",
    source: "user guide",
    general_knowledge: true,
}];
static PROVIDERS: &[ProviderEntry] =
    &[ProviderEntry { name: "aws", config: &[], kinds: &[], facts: FACTS, keeps_objects: false }];
/// A registry with one fact and no kinds.
pub(crate) static REGISTRY: Registry = Registry { providers: PROVIDERS };

/// The view on a plan, with two acceptances missing.
pub(crate) fn view(plan: &Plan) -> View<'_> {
    let accept = |kind, address: &str| Acceptance { kind, address: address.parse().unwrap(), until: None };
    let missing = match plan.changes.is_empty() {
        true => Vec::new(),
        false => vec![
            accept(AcceptKind::Weakens, "aws_db_instance.main"),
            accept(AcceptKind::Irreversible, "aws_s3_bucket.invoices[\"eu\"]"),
        ],
    };
    View { plan, digest: OnceLock::from("0123456789abcdef".repeat(4)), missing, registry: &REGISTRY }
}

/// An objective that is missed, with a mechanism that does not help.
pub(crate) fn judgement() -> Judgement {
    let term = |what: &str, struck: Option<&str>| Term {
        what: what.to_owned(),
        adds: Worst { low_s: Some(6 * 3600), high_s: None, possible: true },
        source: "largest gap of rate(6h)".to_owned(),
        struck: struck.map(str::to_owned),
        at: None,
    };
    Judgement {
        subject: "datastore.main".to_owned(),
        scenario: Name::new("fire").unwrap(),
        metric: Metric::Rpo,
        objective: Some(Promise { most_s: 3600, at: None }),
        maximum: None,
        before: Worst::NO_WAY,
        after: Worst { low_s: Some(6 * 3600), high_s: None, possible: true },
        status: Status::Missed,
        derivation: vec![term("backup.dump in s3", None), term("backup.copy", Some("it burns, too"))],
    }
}

/// A finding whose texts try what they can.
pub(crate) fn finding() -> Placed {
    let at = |line| Position { line, column: 3, byte: 40 };
    Finding {
        rule: RuleId::DestroysBeforeVerified,
        severity: RuleId::DestroysBeforeVerified.severity(),
        summary: "it destroys </details> @all | `x` \u{1b}[31m\u{202e} ]]> & <b>".to_owned(),
        detail: "Nobody knows.".to_owned(),
        address: "procedure.restore step dr\u{1b}op".to_owned(),
        span: Some(Source { file: "main <x>.dr.hcl".into(), start: at(4), end: at(4) }),
        fix: "Look first.".to_owned(),
        waived: None,
    }
}

/// The same, waived.
pub(crate) fn waived() -> Placed {
    let name = |name: &str| Name::new(name).unwrap();
    let waived = Waived {
        name: name("known"),
        owner: name("cto"),
        until: "2027-01-01T00:00:00Z".parse().unwrap(),
        reason: "we live with <it> & \"it\"".to_owned(),
    };
    Finding { waived: Some(waived), ..finding() }
}

fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

fn change(address: &str, provider: &str, id: &str, action: Action) -> ResourceChange {
    ResourceChange {
        address: address.parse().unwrap(),
        previous_address: None,
        provider: provider.parse().unwrap(),
        id: Id(id.to_owned()),
        action,
        why: "".into(),
        attributes: Vec::new(),
        notes: Vec::new(),
        desired: Map::new(),
        observed: None,
        observed_sha256: None,
        unobserved: None,
        drift: Vec::new(),
        source: None,
    }
}

fn attribute(path: &[&str], before: Option<Value>, after: After) -> AttributeChange {
    AttributeChange {
        path: path.iter().map(|p| (*p).to_owned()).collect(),
        before: before.map(Box::new),
        after,
        sensitive: false,
        timing: Timing::Immediate,
        json: false,
        source: None,
    }
}

fn window(at: Option<Timestamp>) -> Timing {
    Timing::MaintenanceWindow(Box::new(Window { window: "sun:03:00-sun:04:00".to_owned(), at }))
}

fn note(fact: &str, effect: Effect, reason: &'static str) -> Note {
    Note {
        fact: FactId(fact.to_owned().into()),
        effect,
        attribute: None,
        reason: reason.into(),
        help: None,
        timing: None,
    }
}

fn reference(kind: &str, name: &str, attribute: &str) -> Expr {
    let reference = Reference {
        subject: Subject::Resource(ModulePath::default(), kind.parse().unwrap(), Name::new(name).unwrap()),
        path: vec![PathStep::Attribute(attribute.to_owned())],
    };
    Expr::reference(reference, span())
}

fn head(region: &str) -> ProviderHead {
    ProviderHead {
        place: Place {
            account: Some("000000000000".to_owned()),
            caller: Some("arn:aws:iam::000000000000:user/sim".to_owned()),
            region: Some(region.to_owned()),
            endpoint: Some("sim".to_owned()),
        },
        simulated: true,
        unobserved: None,
    }
}

fn database() -> ResourceChange {
    let mut main = change("aws_db_instance.main", "aws", "main", Action::Adopt);
    main.why = "it exists under this name and is not in the state yet".into();
    let mut class = attribute(&["multi_az"], Some(Value::from(false)), After::Known(Value::from(true)));
    class.timing = window(Some("2026-11-22T03:00:00Z".parse().unwrap()));
    let mut password = attribute(&["master_user_password"], None, After::Known(Value::from("hunter2")));
    password.sensitive = true;
    main.attributes = vec![
        attribute(&["backup_retention_period"], Some(Value::from(14)), After::Known(Value::from(3))),
        password,
        class,
    ];
    main.notes = vec![
        note("R3", Effect::Weakens, "11 days of restore points disappear as they age"),
        note("R9", Effect::Inform, "the class stays as it is"),
    ];
    main.notes[0].help = Some("Keep 14 days, or copy the oldest snapshots first.".to_owned());
    main.observed = Some(Box::new(Observed {
        id: Id("main".to_owned()),
        attributes: [
            ("backup_retention_period".to_owned(), Value::from(14)),
            ("master_user_password".to_owned(), Value::from("hunter2")),
            ("multi_az".to_owned(), Value::from(false)),
        ]
        .into(),
        outputs: [("arn".to_owned(), Value::from("arn:aws:rds:eu-west-1:000000000000:db:main"))].into(),
        unobserved: BTreeMap::new(),
        pending: BTreeMap::new(),
        managed_by: BTreeMap::new(),
    }));
    main.desired = [
        ("backup_retention_period".to_owned(), Expr::literal(Value::from(3), span())),
        ("multi_az".to_owned(), Expr::literal(Value::from(true), span())),
    ]
    .into();
    main
}

fn bucket() -> ResourceChange {
    let mut bucket = change("aws_s3_bucket.invoices[\"eu\"]", "aws", "invoices\u{1b}[31m-eu", Action::Update);
    let open = After::Open(Box::new(reference("aws_s3_bucket", "copy", "arn")));
    let mut policy = attribute(
        &["policy"],
        Some(Value::from(
            r#"{"Statement":[{"Effect":"Allow","Action":"s3:GetObject"}],"Version":"2012-10-17"}"#,
        )),
        After::Known(Value::from(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:GetObject"}]}"#,
        )),
    );
    policy.json = true;
    let mut years = attribute(&["object_lock", "years"], None, After::Known(Value::from(10)));
    years.timing = Timing::NewDataOnly;
    bucket.attributes = vec![
        years,
        policy,
        attribute(&["replication", "rule", "all docs", "destination"], None, open),
        attribute(
            &["tags", "owner"],
            Some(Value::from("x".repeat(60))),
            After::Known(Value::from("y".repeat(60))),
        ),
    ];
    bucket.notes = vec![
        note(
            "S4",
            Effect::Irreversible,
            "object lock in mode COMPLIANCE cannot be switched off or shortened",
        ),
        note("S7", Effect::Strengthens, "objects are kept for 10 years"),
        note("S9", Effect::Warn, "what exists already is not locked"),
    ];
    bucket.notes[2].timing = Some(Timing::NewDataOnly);
    bucket.desired = [(
        "replication".to_owned(),
        Expr {
            kind: ExprKind::Object(vec![(
                Expr::literal(Value::from("destination"), span()),
                reference("aws_s3_bucket", "copy", "arn"),
            )]),
            span: span(),
            sensitive: false,
        },
    )]
    .into();
    bucket.address.key = Some(InstanceKey::Each("eu".to_owned()));
    bucket
}

/// A plan with every action, section and kind of value.
pub(crate) fn plan() -> Plan {
    let denied =
        Unobserved { class: ErrorClass::Denied, message: "reading bucket `audit`: AccessDenied".to_owned() };
    let mut create = change("aws_s3_bucket.copy", "aws.dr", "copy", Action::Create);
    create.attributes = vec![
        attribute(&["tags"], None, After::Known(Value::Object([("a".to_owned(), Value::from("b"))].into()))),
        attribute(&["versioning"], None, After::Known(Value::from("Enabled"))),
    ];
    create.desired = [("versioning".to_owned(), Expr::literal(Value::from("Enabled"), span()))].into();
    let mut gone = change("aws_s3_bucket.old", "aws", "old", Action::Forget);
    gone.why = "its block is gone; the bucket and what is in it stay at the provider".into();
    let mut dark = change("aws_s3_bucket.audit", "aws", "audit", Action::Unobserved);
    dark.unobserved = Some(denied);
    let mut waiting = change("aws_db_instance.waiting", "aws", "waiting", Action::Keep);
    let pending = Pending { value: Value::from(14), timing: window(None) };
    waiting.attributes = vec![attribute(
        &["backup_retention_period"],
        Some(Value::from(7)),
        After::Pending(Box::new(pending)),
    )];
    waiting.drift =
        vec![attribute(&["deletion_protection"], Some(Value::from(true)), After::Known(Value::from(false)))];
    let output = OutputChange {
        value: Some(reference("aws_s3_bucket", "copy", "arn")),
        before: None,
        before_sensitive: false,
        sensitive: false,
    };
    Plan {
        format_version: "1".to_owned(),
        drctl_version: "0.1.0".to_owned(),
        timestamp: "2026-11-21T06:40:00Z".parse().unwrap(),
        providers: [("aws", head("eu-west-1")), ("aws.dr", head("eu-west-2"))]
            .map(|(a, h)| (a.parse::<ProviderAddress>().unwrap(), h))
            .into(),
        config_sha256: "c0ffee".to_owned(),
        state: Some(StateRef { lineage: "3f2a".to_owned(), serial: 4 }),
        complete: false,
        selection: Selection::default(),
        changes: vec![waiting, database(), dark, create, bucket(), gone],
        steps: Vec::new(),
        outputs: [("copy_arn".to_owned(), output)].into(),
        objectives: Vec::new(),
        findings: Vec::new(),
        checks: Vec::new(),
        accepted: Vec::new(),
        last_seen: None,
    }
}
