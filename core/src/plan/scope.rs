//! What a reference means while planning: variables, locals, `each`, and the resource instances that
//! are known so far.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::instance::Instance;
use super::text::BlockName;
use super::walk::{walk_expr, walk_value};
use super::world::{Observation, World};
use crate::addr::{Address, InstanceKey, KindName, Name};
use crate::codes::Code;
use crate::config::Config;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::env::{Env, Lookup};
use crate::lang::expr::{Expr, ExprKind, PathStep, Reference, Subject};
use crate::lang::reduce;
use crate::provider::Wanted;
use crate::schema::attribute as find;
use crate::state::State;
use crate::value::Value;

/// Whether secrets are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrets {
    /// As references that stay: for everything that is stored or shown.
    Hidden,
    /// As values: for comparing.
    Revealed,
}

/// `each.key` and `each.value`, or `count.index`.
pub(super) struct Each {
    pub(super) key: InstanceKey,
    pub(super) value: Expr,
}

/// The instances of one block.
#[derive(Clone)]
pub(super) enum Block {
    /// No `count` and no `for_each`: the one instance.
    Single(usize),
    /// By `count`.
    Counted(Vec<usize>),
    /// By `for_each`.
    Each(BTreeMap<String, usize>),
    /// How many there are is not known, which has been said.
    Failed,
}

impl Block {
    /// All instances, by number.
    pub(super) fn members(&self) -> Vec<usize> {
        match self {
            Block::Single(i) => vec![*i],
            Block::Counted(all) => all.clone(),
            Block::Each(all) => all.values().copied().collect(),
            Block::Failed => Vec::new(),
        }
    }
    /// The instance of that key.
    pub(super) fn member(&self, key: &InstanceKey) -> Option<usize> {
        match (self, key) {
            (Block::Counted(all), InstanceKey::Index(i)) => all.get(usize::try_from(*i).ok()?).copied(),
            (Block::Each(all), InstanceKey::Each(key)) => all.get(key).copied(),
            (Block::Single(_) | Block::Counted(_) | Block::Each(_) | Block::Failed, _) => None,
        }
    }
}

/// What is known once a scenario is looked at.
#[derive(Debug, Default)]
pub(super) struct Bound {
    /// `target.NAME`
    pub(super) target: BTreeMap<String, String>,
    /// `run.id`
    pub(super) run: String,
}

enum Memo {
    Busy,
    Done(Rc<Expr>),
}

/// Everything that references can be answered from.
pub(super) struct Known<'p> {
    pub(super) config: &'p Config,
    pub(super) variables: &'p BTreeMap<Name, Value>,
    pub(super) world: &'p World,
    pub(super) state: Option<&'p State>,
    pub(super) instances: Vec<Instance>,
    pub(super) blocks: BTreeMap<BlockName, Block>,
    /// What reads have to fill, one of each kind of wish.
    wanted: BTreeSet<Wanted>,
    locals: [RefCell<BTreeMap<Name, Memo>>; 2],
    /// What went wrong in locals, which are evaluated when they are first needed.
    pub(super) diags: RefCell<Diagnostics>,
}

impl<'p> Known<'p> {
    pub(super) fn new(
        config: &'p Config,
        variables: &'p BTreeMap<Name, Value>,
        world: &'p World,
        state: Option<&'p State>,
    ) -> Known<'p> {
        Known {
            config,
            variables,
            world,
            state,
            instances: Vec::new(),
            blocks: BTreeMap::new(),
            wanted: BTreeSet::new(),
            locals: [RefCell::default(), RefCell::default()],
            diags: RefCell::default(),
        }
    }

    /// With the instances that are known in this world.
    pub(super) fn with(self, instances: Vec<Instance>, blocks: BTreeMap<BlockName, Block>) -> Known<'p> {
        Known { instances, blocks, ..self }
    }

    /// Adds an instance; its number.
    pub(super) fn add(&mut self, mut instance: Instance) -> usize {
        match self.wanted.get(&instance.wanted) {
            Some(same) => instance.wanted = same.clone(),
            None => drop(self.wanted.insert(instance.wanted.clone())),
        }
        self.instances.push(instance);
        self.instances.len() - 1
    }

    /// The environment outside of any instance.
    pub(super) fn scope(&self, secrets: Secrets) -> Scope<'_> {
        Scope { known: self, each: None, bound: None, secrets }
    }
}

/// An environment: what is known, seen from one instance.
#[derive(Clone, Copy)]
pub(super) struct Scope<'k> {
    pub(super) known: &'k Known<'k>,
    pub(super) each: Option<&'k Each>,
    pub(super) bound: Option<&'k Bound>,
    pub(super) secrets: Secrets,
}

impl Env for Scope<'_> {
    fn lookup(&self, reference: &Reference) -> Lookup {
        let path = &reference.path;
        match &reference.subject {
            Subject::Variable(_, name) => self.variable(name, path),
            Subject::Local(_, name) => self.local(name, path),
            Subject::Resource(_, kind, name) => self.block(kind, name, path),
            Subject::Scoped(name) => self.scoped(name, path),
            Subject::Path => Lookup::Known { value: Value::from("."), sensitive: false },
            Subject::Block(_, block, name) => self.late(block, name, path),
            Subject::Module(..) => Lookup::NotYet,
        }
    }
}

impl Scope<'_> {
    fn variable(&self, name: &Name, path: &[PathStep]) -> Lookup {
        let Some(variable) = self.known.config.variables.get(name) else {
            return Lookup::Undeclared { candidates: texts(self.known.config.variables.keys()) };
        };
        match self.known.variables.get(name) {
            _ if variable.sensitive && self.secrets == Secrets::Hidden => Lookup::NotYet,
            None => Lookup::Failed,
            Some(value) => walk_value(value, path, variable.sensitive),
        }
    }

    fn local(&self, name: &Name, path: &[PathStep]) -> Lookup {
        let memo = &self.known.locals[match self.secrets {
            Secrets::Hidden => 0,
            Secrets::Revealed => 1,
        }];
        match memo.borrow().get(name) {
            Some(Memo::Done(expr)) => return walk_expr(expr, path),
            Some(Memo::Busy) => return self.local_in_itself(name),
            None => {}
        }
        let Some(written) = self.known.config.locals.get(name) else {
            return Lookup::Undeclared { candidates: texts(self.known.config.locals.keys()) };
        };
        memo.borrow_mut().insert(name.clone(), Memo::Busy);
        let mut diags = Diagnostics::default();
        let reduced = Rc::new(reduce(written, &Scope { each: None, bound: None, ..*self }, &mut diags));
        self.known.diags.borrow_mut().extend(diags);
        memo.borrow_mut().insert(name.clone(), Memo::Done(reduced.clone()));
        walk_expr(&reduced, path)
    }

    fn local_in_itself(&self, name: &Name) -> Lookup {
        if let Some(written) = self.known.config.locals.get(name) {
            let label = format!("`local.{name}` is needed to tell its own value");
            let found = Diagnostic::error(Code::Cycle, "A value depends on itself", written.span, label);
            self.known.diags.borrow_mut().push(found);
        }
        Lookup::Failed
    }

    fn scoped(&self, name: &Name, path: &[PathStep]) -> Lookup {
        let Some(each) = self.each else { return Lookup::NotYet };
        let Some((PathStep::Attribute(part), rest)) = path.split_first() else { return Lookup::NotYet };
        match (name.as_str(), part.as_str(), &each.key) {
            ("each", "key", InstanceKey::Each(key)) => walk_value(&Value::from(key.as_str()), rest, false),
            ("each", "value", InstanceKey::Each(_)) => walk_expr(&each.value, rest),
            ("count", "index", InstanceKey::Index(i)) => {
                walk_value(&Value::Number(crate::value::Number::from(*i)), rest, false)
            }
            _ => Lookup::NotYet,
        }
    }

    /// What a scenario says, and the run.
    fn late(&self, root: &str, name: &Name, path: &[PathStep]) -> Lookup {
        let Some(bound) = self.bound else { return Lookup::NotYet };
        let value = match (root, name.as_str()) {
            ("target", name) => bound.target.get(name),
            ("run", "id") => Some(&bound.run),
            _ => None,
        };
        value.map_or(Lookup::NotYet, |text| walk_value(&Value::from(text.as_str()), path, false))
    }

    fn block(&self, kind: &KindName, name: &Name, path: &[PathStep]) -> Lookup {
        let Some(block) = self.known.blocks.get(&(kind.clone(), name.clone())) else {
            // Blocks are expanded in the order of their needs; what is missing is in a loop.
            let declared = self.known.config.resource(kind, name).is_some();
            return if declared { Lookup::NotYet } else { Lookup::Undeclared { candidates: Vec::new() } };
        };
        let (key, rest) = match (block, path.split_first()) {
            (Block::Failed, _) => return Lookup::NotYet,
            (Block::Single(i), _) => return self.instance(*i, path),
            (Block::Counted(_) | Block::Each(_), None) => return Lookup::Expr(self.whole_block(block)),
            (Block::Counted(_) | Block::Each(_), Some((PathStep::Key(key), rest))) => (key.clone(), rest),
            (Block::Counted(_) | Block::Each(_), Some((PathStep::Attribute(key), rest))) => {
                (InstanceKey::Each(key.clone()), rest)
            }
        };
        match block.member(&key) {
            Some(i) => self.instance(i, rest),
            None => Lookup::Undeclared { candidates: self.keys_of(block) },
        }
    }

    fn keys_of(&self, block: &Block) -> Vec<String> {
        let keys = block.members().into_iter().filter_map(|i| self.known.instances[i].address.key.as_ref());
        keys.map(ToString::to_string).collect()
    }

    fn instance(&self, i: usize, path: &[PathStep]) -> Lookup {
        match path.split_first() {
            None => Lookup::Expr(self.whole_instance(i)),
            Some((PathStep::Attribute(name) | PathStep::Key(InstanceKey::Each(name)), rest)) => {
                self.attribute(&self.known.instances[i], name, rest)
            }
            Some((PathStep::Key(InstanceKey::Index(_)), _)) => Lookup::Undeclared { candidates: Vec::new() },
        }
    }

    /// Written and known, else observed, else derived; what the state remembers only where nothing
    /// could be observed.
    fn attribute(&self, of: &Instance, name: &str, rest: &[PathStep]) -> Lookup {
        let input = find(of.kind.inputs(), name);
        let Some(row) = input.or_else(|| find(of.kind.outputs(), name)) else {
            let all = of.kind.inputs().iter().chain(of.kind.outputs());
            return Lookup::Undeclared { candidates: all.map(|a| a.name.to_owned()).collect() };
        };
        let hidden = self.secrets == Secrets::Hidden;
        let written = if hidden { of.desired.get(name) } else { of.revealed(name) };
        let found = match written {
            Some(expr) => walk_expr(expr, rest),
            None => match self.seen(of, name, input.is_some()) {
                Some(value) => walk_value(&value, rest, false),
                None => Lookup::NotYet,
            },
        };
        match found {
            // That a secret is not set is no secret.
            Lookup::Known { value: Value::Null, .. } => {
                Lookup::Known { value: Value::Null, sensitive: false }
            }
            Lookup::Known { .. } if hidden && row.sensitive => Lookup::NotYet,
            Lookup::Known { value, sensitive } => {
                Lookup::Known { value, sensitive: sensitive || row.sensitive }
            }
            Lookup::Expr(_) | Lookup::NotYet | Lookup::Failed => Lookup::NotYet,
            Lookup::Undeclared { candidates } => Lookup::Undeclared { candidates },
        }
    }

    fn seen(&self, of: &Instance, name: &str, is_input: bool) -> Option<Value> {
        let derived = || of.derived.get(name).cloned();
        match self.known.world.observations.get(&of.address) {
            Some(Observation::Present(observed)) if is_input => match observed.attributes.get(name) {
                Some(value) => Some(value.clone()),
                None if observed.unobserved.contains_key(name) || !of.wanted.wants(name) => None,
                None => Some(Value::Null),
            },
            Some(Observation::Absent) if is_input => Some(Value::Null),
            Some(Observation::Present(observed)) => observed.outputs.get(name).cloned().or_else(derived),
            Some(Observation::Unobserved(_)) if !is_input => {
                derived().or_else(|| self.known.state?.resources.get(&of.address)?.outputs.get(name).cloned())
            }
            Some(Observation::Absent | Observation::Unobserved(_)) | None => derived(),
        }
    }

    fn whole_instance(&self, i: usize) -> Expr {
        let of = &self.known.instances[i];
        let span = self.span_of(of);
        let names = of.kind.inputs().iter().chain(of.kind.outputs()).map(|a| a.name);
        let pairs = names.map(|name| {
            let value = match self.attribute(of, name, &[]) {
                Lookup::Known { value, sensitive } => Expr { sensitive, ..Expr::literal(value, span) },
                Lookup::Expr(expr) => expr,
                Lookup::NotYet | Lookup::Failed | Lookup::Undeclared { .. } => {
                    Expr::reference(reference_to(of, name), span)
                }
            };
            (Expr::literal(Value::from(name), span), value)
        });
        Expr { kind: ExprKind::Object(pairs.collect()), span, sensitive: false }
    }

    fn whole_block(&self, block: &Block) -> Expr {
        let members = block.members();
        let span = members.first().map_or(NOWHERE, |i| self.span_of(&self.known.instances[*i]));
        let kind = match block {
            Block::Each(all) => ExprKind::Object(
                all.iter()
                    .map(|(key, i)| (Expr::literal(Value::from(key.as_str()), span), self.whole_instance(*i)))
                    .collect(),
            ),
            Block::Single(_) | Block::Counted(_) | Block::Failed => {
                ExprKind::List(members.into_iter().map(|i| self.whole_instance(i)).collect())
            }
        };
        Expr { kind, span, sensitive: false }
    }

    fn span_of(&self, of: &Instance) -> crate::span::Span {
        super::expand::block_span(self.known.config, of)
    }
}

/// The span of what stands in no file.
pub(super) const NOWHERE: crate::span::Span =
    crate::span::Span { file: crate::span::FileId(u32::MAX), start: 0, end: 0 };

/// The reference to an attribute of an instance.
fn reference_to(of: &Instance, name: &str) -> Reference {
    let Address { module, kind, name: block, key } = of.address.clone();
    let mut path: Vec<PathStep> = key.into_iter().map(PathStep::Key).collect();
    path.push(PathStep::Attribute(name.to_owned()));
    Reference { subject: Subject::Resource(module, kind, block), path }
}

fn texts<'n>(names: impl Iterator<Item = &'n Name>) -> Vec<String> {
    names.map(ToString::to_string).collect()
}
