//! One test per folder of `testdata/lang`: what a configuration reduces to, and what is said of it.
//! `DRCTL_UPDATE=1` writes the expectations anew.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "cases are files, and a test without its case has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use drctl_core::Attributes;
use drctl_core::config::{self, Config, variables};
use drctl_core::diag::Diagnostics;
use drctl_core::lang::expr::{Expr, ExprKind, Reference, Subject};
use drctl_core::lang::{self, Env, Lookup};
use drctl_core::provider::{
    Attempt, Erased, Id, Kind, Protection, ProviderEntry, ProviderError, Reading, Reads, RecoveryStep,
    Registry, Request, Subject as Seen, Target,
};
use drctl_core::rule::Rule;
use drctl_core::secret::Secret;
use drctl_core::span::SourceMap;
use drctl_core::value::Value;

/// A vault.
struct Vault;

/// A lock.
#[derive(Attributes)]
struct Lock {
    /// How strict.
    mode: String,
    /// For how long.
    days: Option<u8>,
}

/// A rule.
#[derive(Attributes)]
struct Copy {
    /// To where.
    to: String,
}

/// What the user may set.
#[derive(Attributes)]
struct VaultSpec {
    /// Its name.
    #[attribute(identity)]
    name: String,
    /// How long it keeps.
    keep: Option<u8>,
    /// Labels.
    tags: Option<BTreeMap<String, String>>,
    /// Its password.
    password: Option<Secret<String>>,
    /// Its lock.
    lock: Option<Lock>,
    /// Copies by name.
    copy: Option<BTreeMap<String, Copy>>,
    /// Copies in order.
    step: Option<Vec<Copy>>,
}

/// What the cloud decides.
#[derive(Attributes)]
struct VaultOutputs {
    /// Its ARN.
    arn: Option<String>,
}

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
    fn protections(_: &Seen<'_>) -> Vec<Protection> {
        Vec::new()
    }
    fn recover(_: &Seen<'_>, _: &Protection, _: &Target) -> Vec<RecoveryStep> {
        Vec::new()
    }
}

/// The `provider` block.
#[derive(Attributes)]
struct ToyProvider {
    /// Where.
    region: Option<String>,
}

static VAULT: Erased<Vault> = Erased::new();
static REGISTRY: Registry = Registry {
    providers: &[ProviderEntry {
        name: "toy",
        config: <ToyProvider as drctl_core::schema::Attributes>::ATTRIBUTES,
        kinds: &[&VAULT],
        facts: &[],
        keeps_objects: false,
    }],
};

/// Variables and locals are known, resources are not made yet.
struct Plan<'a> {
    config: &'a Config,
    values: &'a variables::Values,
}

impl Env for Plan<'_> {
    fn lookup(&self, reference: &Reference) -> Lookup {
        match &reference.subject {
            Subject::Variable(_, name) => match self.values.get(name) {
                Some((value, sensitive)) => {
                    let span = self.config.variables[name].span;
                    let expr = Expr { kind: ExprKind::Literal(value.clone()), span, sensitive: *sensitive };
                    lang::follow(&expr, &reference.path)
                }
                None => Lookup::Failed,
            },
            Subject::Local(_, name) => match self.config.locals.get(name) {
                Some(local) => {
                    let reduced = lang::reduce(local, self, &mut Diagnostics::default());
                    lang::follow(&reduced, &reference.path)
                }
                None => Lookup::Failed,
            },
            _ => Lookup::NotYet,
        }
    }
}

fn run(path: &Path) -> datatest_stable::Result<()> {
    let path = path.to_owned();
    let found = std::thread::Builder::new().stack_size(16 << 20).spawn({
        let path = path.clone();
        move || outcome(&std::fs::read_to_string(path).unwrap())
    })?;
    let found = found.join().map_err(|_| "the case panicked")?;
    let expected = path.with_file_name("expected.txt");
    if std::env::var_os("DRCTL_UPDATE").is_some() {
        std::fs::write(&expected, &found)?;
    }
    let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
    if wanted != found {
        return Err(format!("expected:\n{wanted}\nfound:\n{found}").into());
    }
    Ok(())
}

fn outcome(text: &str) -> String {
    let mut sources = SourceMap::default();
    sources.add("main.dr.hcl", text);
    let (config, mut diags) = config::load(&sources, &REGISTRY);
    let mut out = String::new();
    if !diags.has_errors() {
        let (values, more) = variables::resolve(&config, &BTreeMap::new());
        diags.extend(more);
        let env = Plan { config: &config, values: &values };
        let mut show = |name: String, expr: &Expr| {
            let reduced = lang::reduce(expr, &env, &mut diags);
            writeln!(out, "{name} = {}", lang::render(&reduced)).unwrap();
        };
        config.locals.iter().for_each(|(name, e)| show(format!("local.{name}"), e));
        config.outputs.iter().for_each(|(name, o)| show(format!("output.{name}"), &o.value));
        for resource in &config.resources {
            for (name, expr) in &resource.attributes {
                show(format!("{}.{name}", resource.address()), expr);
            }
        }
        for accept in &config.accepts {
            writeln!(out, "accept {:?} {} until {:?}", accept.kind, accept.address, accept.until).unwrap();
        }
        let (system, found) = drctl_core::plan::system(&config, &BTreeMap::new());
        diags.extend(found);
        for (name, s) in &system.scenarios {
            let lost: Vec<String> = s.is.lose.iter().map(drctl_core::system::Lose::name).collect();
            writeln!(out, "scenario {name} {lost:?} {:?} {:?}", s.is.objective, s.is.symptoms).unwrap();
        }
    }
    for d in diags.sorted() {
        let place = d.labels.first().map_or(String::new(), |l| {
            let at = sources.position(l.span.file, l.span.start);
            format!("{}:{}:{} ", sources.get(l.span.file).map_or("?", |f| &f.name), at.line, at.column)
        });
        writeln!(out, "{place}{} {}", d.code, d.headline).unwrap();
        for label in &d.labels {
            let at = sources.position(label.span.file, label.span.start);
            writeln!(
                out,
                "  {}:{} `{}` {}",
                at.line,
                at.column,
                sources.text(label.span).escape_debug(),
                label.text
            )
            .unwrap();
        }
        d.help.iter().for_each(|help| writeln!(out, "  help: {help}").unwrap());
    }
    out
}

datatest_stable::harness! {
    { test = run, root = "../testdata/lang", pattern = r"main\.dr\.hcl$" },
}
