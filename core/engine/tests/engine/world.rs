//! A toy planner and a toy command around the engine: enough to apply, crash and apply again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drctl_core::addr::Address;
use drctl_core::lang::expr::{CallExpr, Expr, ExprKind, PathStep, Reference, Subject};
use drctl_core::map::Map;
use drctl_core::plan::{
    AcceptKind, Acceptance, Action, After, AttributeChange, Op, Plan, ResourceChange, Selection, Step, StepId,
};
use drctl_core::provider::{Id, Observed, Pending};
use drctl_core::rule::Timing;
use drctl_core::span::{FileId, Span};
use drctl_core::state::State;
use drctl_core::value::Value;
use drctl_engine::clock::FixedClock;
use drctl_engine::execute::{Applied, Apply, ExecuteError, PARALLEL_WRITES, execute};
use drctl_engine::hooks::{Hooks, NoHooks};
use drctl_engine::lock::Holder;
use drctl_engine::reporter::{Level, Reporter};
use drctl_engine::session::{Paths, Session};
use tokio::sync::watch;

use crate::toy::{Toy, connections, registry};

/// What is wanted: names, sizes and what each needs. Without a size, it is the length of the first
/// need's ARN: known after apply.
pub(crate) type Wanted = [(&'static str, Option<i64>, &'static [&'static str])];

pub(crate) fn address(name: &str) -> Address {
    format!("toy_box.{name}").parse().unwrap()
}

/// A folder, a cloud and what the reporter heard.
pub(crate) struct Scene {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) toy: Arc<Toy>,
    pub(crate) heard: Arc<Mutex<Vec<String>>>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) runs: usize,
}

pub(crate) struct Heard(Arc<Mutex<Vec<String>>>);

impl Reporter for Heard {
    fn message(&self, _level: Level, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
    fn apply_progress(&self, address: &Address, _op: Op, elapsed: Duration) {
        self.0.lock().unwrap().push(format!("{address} still going on after {} s", elapsed.as_secs()));
    }
}

impl Scene {
    pub(crate) fn new(toy: Arc<Toy>) -> Scene {
        let dir = tempfile::tempdir().unwrap();
        Scene { dir, toy, heard: Arc::default(), stop: watch::channel(false).0, runs: 0 }
    }

    pub(crate) fn paths(&self) -> Paths {
        let path = |name: &str| -> PathBuf { self.dir.path().join(name) };
        Paths { state: path("drctl.state"), data: path("data") }
    }

    pub(crate) async fn session(&self) -> Session {
        let now = clock();
        let holder = Holder::this_process("ann", "apply", &now);
        Session::open(self.paths(), &holder, Duration::ZERO, &now).await.unwrap()
    }

    /// Plans and applies what is wanted.
    pub(crate) async fn apply(&mut self, wanted: &Wanted) -> Result<Applied, ExecuteError> {
        let mut session = self.session().await;
        let plan = self.plan(wanted, session.state.as_ref());
        self.carry_out(&plan, &mut session, &NoHooks).await
    }

    pub(crate) async fn carry_out(
        &mut self,
        plan: &Plan,
        session: &mut Session,
        hooks: &dyn Hooks,
    ) -> Result<Applied, ExecuteError> {
        self.runs += 1;
        let connections = connections(&[("toy", &self.toy)]);
        let apply = Apply {
            plan,
            config_sha256: "config",
            run: &format!("run-{}", self.runs),
            registry: registry(),
            connections: &connections,
            variables: &BTreeMap::new(),
            parallelism: PARALLEL_WRITES,
            interrupt: self.stop.subscribe(),
            clock: &clock(),
            reporter: &Heard(self.heard.clone()),
            hooks,
        };
        execute(&apply, session).await
    }

    /// The plan from what is to what is wanted.
    pub(crate) fn plan(&self, wanted: &Wanted, state: Option<&State>) -> Plan {
        let number =
            |name: &str| wanted.iter().position(|(n, _, _)| *n == name).map(|n| StepId(n as u32 + 1));
        let (mut changes, mut steps) = (Vec::new(), Vec::new());
        for (name, size, needs) in wanted {
            let observed = self.observed(name);
            let ours = state.is_some_and(|s| s.resources.contains_key(&address(name)));
            let (change, op) = change(name, *size, observed, ours);
            changes.push(change);
            if let (Some(op), Some(id)) = (op, number(name)) {
                steps.push((id, Step { id, address: address(name), op, needs: BTreeSet::new() }, *needs));
            }
        }
        for gone in state.iter().flat_map(|s| s.resources.keys()) {
            if !wanted.iter().any(|(n, _, _)| address(n) == *gone) {
                let id = StepId((wanted.len() + steps.len() + 1) as u32);
                let (mut change, _) = change(gone.name.as_str(), None, None, true);
                change.action = Action::Forget;
                changes.push(change);
                steps.push((
                    id,
                    Step { id, address: gone.clone(), op: Op::Forget, needs: BTreeSet::new() },
                    &[],
                ));
            }
        }
        // A forgotten thing is no longer watched over: a person has to say so.
        let forgotten = steps.iter().filter(|(_, s, _)| s.op == Op::Forget);
        let accept = |a: &Address| Acceptance { kind: AcceptKind::Weakens, address: a.clone(), until: None };
        let accepted = forgotten.map(|(_, s, _)| accept(&s.address)).collect();
        let with_steps: BTreeSet<StepId> = steps.iter().map(|(id, _, _)| *id).collect();
        let steps = steps.into_iter().map(|(_, step, needs)| Step {
            needs: needs.iter().filter_map(|n| number(n)).filter(|n| with_steps.contains(n)).collect(),
            ..step
        });
        Plan {
            format_version: "1.0".to_owned(),
            drctl_version: "0".to_owned(),
            timestamp: clock().0,
            providers: connections(&[("toy", &self.toy)]).places(),
            config_sha256: "config".to_owned(),
            state: state.map(State::reference),
            complete: true,
            selection: Selection::default(),
            steps: steps.collect(),
            changes,
            outputs: BTreeMap::new(),
            objectives: Vec::new(),
            findings: Vec::new(),
            checks: Vec::new(),
            accepted,
            last_seen: None,
        }
    }

    fn observed(&self, name: &str) -> Option<Observed> {
        let inner = self.toy.inner.lock().unwrap();
        let thing = inner.things.get(name)?;
        let pending = thing.pending.map(|p| Pending { value: Value::from(p), timing: Timing::Immediate });
        Some(Observed {
            id: Id(name.to_owned()),
            attributes: [("name", Value::from(name)), ("size", Value::from(thing.size))]
                .map(|(n, v)| (n.to_owned(), v))
                .into(),
            outputs: [("arn".to_owned(), Value::from(format!("arn:{name}")))].into(),
            unobserved: BTreeMap::new(),
            pending: pending.map(|p| ("size".to_owned(), p)).into_iter().collect(),
            managed_by: BTreeMap::new(),
        })
    }
}

pub(crate) fn clock() -> FixedClock {
    FixedClock("2026-11-21T10:00:00Z".parse().unwrap())
}

fn literal(value: Value) -> Expr {
    Expr::literal(value, Span { file: FileId(0), start: 0, end: 0 })
}

fn change(
    name: &str,
    size: Option<i64>,
    observed: Option<Observed>,
    ours: bool,
) -> (ResourceChange, Option<Op>) {
    let is = observed.as_ref().and_then(|o| o.attributes.get("size").cloned());
    let differs = size.is_none_or(|s| is != Some(Value::from(s)));
    let (action, op) = match (&observed, differs, ours) {
        (None, _, _) => (Action::Create, Some(Op::Create)),
        (Some(_), true, _) => (Action::Update, Some(Op::Update)),
        (Some(_), false, true) => (Action::Keep, None),
        (Some(_), false, false) => (Action::Adopt, Some(Op::Record)),
    };
    let mut desired = Map::from([("name".to_owned(), literal(Value::from(name)))]);
    desired.insert("size".to_owned(), size.map_or_else(length_of_arn, |s| literal(Value::from(s))));
    let attribute = AttributeChange {
        path: vec!["size".to_owned()].into(),
        before: is.map(Box::new),
        after: size.map_or(After::Open(Box::new(length_of_arn())), |s| After::Known(Value::from(s))),
        sensitive: false,
        timing: Timing::Immediate,
        json: false,
        source: None,
    };
    let managed = BTreeSet::from(["name".to_owned(), "size".to_owned()]);
    let change = ResourceChange {
        address: address(name),
        previous_address: None,
        provider: "toy".parse().unwrap(),
        id: Id(name.to_owned()),
        action,
        why: "".into(),
        attributes: if differs { vec![attribute] } else { Vec::new() },
        notes: Vec::new(),
        desired,
        observed_sha256: observed.as_ref().map(|o| o.digest(&managed)),
        observed: observed.map(Box::new),
        unobserved: None,
        drift: Vec::new(),
        source: None,
    };
    (change, op)
}

/// `length(toy_box.a.arn)`
fn length_of_arn() -> Expr {
    let a = address("a");
    let subject = Subject::Resource(a.module, a.kind, a.name);
    let path = vec![PathStep::Attribute("arn".to_owned())];
    let arn =
        Expr { kind: ExprKind::Reference(Box::new(Reference { subject, path })), ..literal(Value::Null) };
    Expr {
        kind: ExprKind::Call(Box::new(CallExpr {
            name: "length".to_owned(),
            args: vec![arn],
            spread: false,
        })),
        ..literal(Value::Null)
    }
}
