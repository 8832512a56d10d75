//! `resource` blocks: the body is read by the table of the kind, blocks become objects and lists.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::structure::{Block, Structure};

use super::block::{Source, invalid, missing, twice, unknown};
use super::model::Resource;
use crate::addr::{Address, InstanceKey, KindName, ModulePath, Name, ProviderAddress};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{CallExpr, Expr, ExprKind, PathStep, Reference, Subject, TemplatePart};
use crate::lang::lower::LATE;
use crate::lang::near;
use crate::map::Map;
use crate::provider::Registry;
use crate::schema::{ANY_BLOCK, Attribute, PROVIDER, Role, Type, attribute};
use crate::span::Span;
use crate::value::Value;

/// Arguments of every resource.
const META: [&str; 4] = ["provider", "count", "for_each", "depends_on"];

/// Reads one; none when its kind is not known or its labels are wrong.
pub(super) fn resource(source: Source<'_>, registry: &Registry, diags: &mut Diagnostics) -> Option<Resource> {
    let labels = source.labels(&["KIND", "NAME"], diags)?;
    let (_, name) = (source.name(0, diags)?, source.name(1, diags)?);
    let kind_span = source.item.span(source.block.labels[0].span());
    let (Some(kind), Some(provider)) = (registry.kind(labels[0]), registry.provider_of(labels[0])) else {
        diags.push(unknown_kind(labels[0], kind_span, registry));
        return None;
    };
    let mut read = Read::default();
    let mut resource = Resource {
        module: ModulePath::default(),
        kind: KindName::new(labels[0]).ok()?,
        name,
        provider: ProviderAddress { name: Name::new(provider.name).ok()?, alias: None },
        provider_span: source.header(),
        count: None,
        for_each: None,
        depends_on: Vec::new(),
        attributes: Map::new(),
        of_backup: false,
        span: source.header(),
        block_span: source.span(),
    };
    for structure in &source.block.body {
        let Structure::Attribute(a) = structure else { continue };
        match a.key.as_str() {
            "provider" => {
                if let Some(address) = provider_address(source, &a.value, diags) {
                    resource.provider = address;
                    resource.provider_span = source.item.span(a.value.span());
                }
            }
            "depends_on" => resource.depends_on = source.references(a, diags),
            _ => {}
        }
    }
    let (count, for_each) = instances(source, diags);
    (resource.count, resource.for_each) = (count.map(Box::new), for_each.map(Box::new));
    read.body(source, kind.inputs(), &META, diags);
    resource.attributes = read.attributes.into_iter().collect();
    Some(resource)
}

/// `count` and `for_each` of a block; only one of them may stand there.
pub(super) fn instances(source: Source<'_>, diags: &mut Diagnostics) -> (Option<Expr>, Option<Expr>) {
    let mut of = |name: &str| {
        let attribute = source.block.body.get_attribute(name)?;
        Some(source.lower(&attribute.value, diags))
    };
    let (count, for_each) = (of("count"), of("for_each"));
    if let (Some(_), Some(for_each)) = (&count, &for_each) {
        diags.push(
            Diagnostic::error(
                Code::DuplicateAttribute,
                "`count` beside `for_each`",
                for_each.span,
                "only one of them can make instances",
            )
            .help("Keep `for_each`: its instances keep their names when others come and go."),
        );
    }
    (count, for_each)
}

pub(super) fn unknown_kind(kind: &str, span: Span, registry: &Registry) -> Diagnostic {
    let label = format!("no provider has a kind `{kind}`");
    let diagnostic = Diagnostic::error(Code::UnknownKind, "Unknown kind", span, label);
    match near(kind, registry.kinds().map(|k| k.name())) {
        Some(near) => diagnostic.help(format!("Did you mean `{near}`?")),
        None => diagnostic.help("`drctl kinds` lists all kinds."),
    }
}

pub(super) fn provider_address(
    source: Source<'_>,
    value: &Expression,
    diags: &mut Diagnostics,
) -> Option<ProviderAddress> {
    let parts = match value {
        Expression::Variable(name) => Some((name.as_str(), None)),
        Expression::Traversal(t) => match (&t.expr, t.operators.as_slice()) {
            (Expression::Variable(name), [only]) => match only.value() {
                TraversalOperator::GetAttr(alias) => Some((name.as_str(), Some(alias.as_str()))),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    let Some((name, alias)) = parts else {
        diags.push(invalid(
            source.item.span(value.span()),
            "this must be a provider configuration: `NAME` or `NAME.ALIAS`, without quotes",
        ));
        return None;
    };
    let alias = match alias {
        Some(alias) => Some(Name::new(alias).ok()?),
        None => None,
    };
    Some(ProviderAddress { name: Name::new(name).ok()?, alias })
}

/// What a body by a table has been read to.
#[derive(Default)]
pub(super) struct Read {
    pub(super) attributes: BTreeMap<String, Expr>,
    pub(super) spans: BTreeMap<String, Span>,
    /// What is referred to by address.
    pub(super) references: Vec<(Reference, Span)>,
    /// Blocks with an error inside: checking them as a whole would only repeat it.
    failed: BTreeSet<String>,
}

/// How an attribute of that type is written.
enum Form {
    Argument,
    Block(&'static [Attribute]),
    Labelled(&'static [Attribute]),
    Repeated(&'static [Attribute]),
    /// A block with any names.
    Names,
    /// Repeated, and the label fills the attribute of that name.
    RepeatedWithLabel(&'static [Attribute], &'static str),
}

fn form(ty: &Type) -> Form {
    match ty {
        Type::Names => Form::Names,
        Type::Object(table) => Form::Block(table),
        Type::Map(Type::Object(table)) => Form::Labelled(table),
        Type::List(Type::Object(table)) | Type::Set(Type::Object(table)) => {
            match table.iter().find(|a| a.role == Role::Label) {
                Some(label) => Form::RepeatedWithLabel(table, label.name),
                None => Form::Repeated(table),
            }
        }
        Type::Any
        | Type::Bool
        | Type::Number
        | Type::String(_)
        | Type::Reference(_)
        | Type::Condition(_)
        | Type::Told(_)
        | Type::List(_)
        | Type::Set(_)
        | Type::Map(_) => Form::Argument,
    }
}

impl Read {
    /// Reads a body by its table. Names in `meta` are left out.
    pub(super) fn body(
        &mut self,
        source: Source<'_>,
        table: &'static [Attribute],
        meta: &[&str],
        diags: &mut Diagnostics,
    ) {
        for structure in &source.block.body {
            match structure {
                Structure::Attribute(a) if meta.contains(&a.key.as_str()) => {}
                Structure::Attribute(a) => self.argument(source, a, table, diags),
                Structure::Block(b) => self.block(source, b, table, diags),
            }
        }
        for wanted in table.iter().filter(|a| a.required && !self.attributes.contains_key(a.name)) {
            diags.push(missing(wanted.name, source.header(), source.title()));
        }
        for row in table {
            let Some(expr) = self.attributes.get_mut(row.name) else { continue };
            expr.sensitive |= row.sensitive;
            if self.failed.contains(row.name) {
                continue;
            }
            // What refers to something is checked when its value is known.
            let Some(value) = expr.value() else { continue };
            if let Err(wrong) = (row.canonical)(value) {
                let span = below(expr, &wrong.path).unwrap_or(expr.span);
                let headline = format!("Invalid `{}`", row.name);
                let place = Diagnostic::error(Code::InvalidValue, headline, span, wrong.message);
                diags.push(place);
            }
        }
    }

    fn argument(
        &mut self,
        source: Source<'_>,
        a: &hcl_edit::structure::Attribute,
        table: &'static [Attribute],
        diags: &mut Diagnostics,
    ) {
        let (name, span) = (a.key.as_str(), source.key_span(a));
        let Some(row) = attribute(table, name).filter(|row| row.role != Role::Label) else {
            diags.push(stray(name, span, source, table));
            return;
        };
        let how = match form(&row.ty) {
            Form::Argument => None,
            Form::Block(_) | Form::Names => Some(format!("{name} {{ … }}")),
            Form::Labelled(_) | Form::RepeatedWithLabel(..) => Some(format!("{name} \"LABEL\" {{ … }}")),
            Form::Repeated(_) => Some(format!("{name} {{ … }}")),
        };
        if let Some(how) = how {
            diags.push(
                Diagnostic::error(
                    Code::BlockOrAttribute,
                    "This is a block",
                    span,
                    "written with `=`, as an attribute",
                )
                .help(format!("Write `{how}`.")),
            );
            return;
        }
        self.spans.insert(name.to_owned(), span.to(source.item.span(a.value.span())));
        if row.ty == Type::Reference(PROVIDER) {
            if let Some(address) = provider_address(source, &a.value, diags) {
                let address = Value::String(address.to_string());
                self.attributes
                    .insert(name.to_owned(), Expr::literal(address, source.item.span(a.value.span())));
            }
            return;
        }
        let mut lowered = source.lower(&a.value, diags);
        match &row.ty {
            Type::Reference(block) => self.referring(&mut lowered, block, diags),
            Type::List(Type::Reference(block)) => match &mut lowered.kind {
                ExprKind::List(items) => items.iter_mut().for_each(|i| self.referring(i, block, diags)),
                // What could not be read has been reported.
                ExprKind::Element => {}
                _ => diags.push(invalid(lowered.span, "this must be a list of references: `[…]`")),
            },
            Type::Condition(names) => of_self(&mut lowered, names, true, diags),
            Type::Told(names) => of_self(&mut lowered, names, false, diags),
            _ => {}
        }
        self.attributes.insert(name.to_owned(), lowered);
    }

    /// Reads a block with any names.
    fn names(&mut self, source: Source<'_>, diags: &mut Diagnostics) {
        for structure in &source.block.body {
            match structure {
                Structure::Attribute(a) => {
                    let span = source.key_span(a).to(source.item.span(a.value.span()));
                    self.spans.insert(a.key.as_str().to_owned(), span);
                    self.attributes.insert(a.key.as_str().to_owned(), source.lower(&a.value, diags));
                }
                Structure::Block(b) => {
                    let inner = source.inner(b).header();
                    let label = "only names with values stand here";
                    diags.push(Diagnostic::error(
                        Code::BlockOrAttribute,
                        "This is an attribute",
                        inner,
                        label,
                    ));
                }
            }
        }
    }

    /// Puts the address in the place of a reference to a block of that type; with none, to a resource;
    /// with `*`, to either.
    fn referring(&mut self, expr: &mut Expr, block: &str, diags: &mut Diagnostics) {
        let text = match &expr.kind {
            ExprKind::Reference(reference) => match (&reference.subject, reference.path.as_slice()) {
                (Subject::Block(_, found, name), path) if fits(block, found) => match path {
                    [] => Some(format!("{found}.{name}")),
                    [PathStep::Key(key)] if found != "step" => {
                        Some(format!("{found}.{}", name.instance(key)))
                    }
                    _ => None,
                },
                (Subject::Resource(module, kind, name), path) if block.is_empty() || block == ANY_BLOCK => {
                    let key = match path {
                        [] => Some(None),
                        [PathStep::Key(key)] => Some(Some(key.clone())),
                        _ => None,
                    };
                    let (module, kind, name) = (module.clone(), kind.clone(), name.clone());
                    key.map(|key| Address { module, kind, name, key }.to_string())
                }
                _ => None,
            },
            // What could not be read has been reported.
            ExprKind::Element => return,
            ExprKind::Index(of, key) => {
                if let ExprKind::Reference(reference) = &of.kind
                    && let (Subject::Block(_, found, name), []) =
                        (&reference.subject, reference.path.as_slice())
                    && fits(block, found)
                    && found != "step"
                {
                    let mut one = Reference::clone(reference);
                    // Which one is told when the instances are known.
                    one.path.push(PathStep::Key(InstanceKey::Each(String::new())));
                    self.references.push((one, expr.span));
                    *expr = instance(&format!("{found}.{name}"), key, expr.span);
                    return;
                }
                None
            }
            _ => None,
        };
        match (text, &expr.kind) {
            (Some(text), ExprKind::Reference(reference)) => {
                self.references.push(((**reference).clone(), expr.span));
                *expr = Expr::literal(Value::String(text), expr.span);
            }
            _ => {
                let (form, what) = match block {
                    "" => ("KIND.NAME".to_owned(), "resource"),
                    ANY_BLOCK => ("TYPE.NAME".to_owned(), "block"),
                    block => (format!("{block}.NAME"), block),
                };
                diags.push(invalid(expr.span, format!("this must be a reference to a {what}: `{form}`")));
                expr.kind = ExprKind::Element;
            }
        }
    }

    fn block(&mut self, outer: Source<'_>, b: &Block, table: &'static [Attribute], diags: &mut Diagnostics) {
        let source = outer.inner(b);
        let name = b.ident.as_str();
        let Some((row, inner)) = row_of(source, outer, table, diags) else { return };
        let labels = match form(&row.ty) {
            Form::Labelled(_) | Form::RepeatedWithLabel(..) => &["LABEL"][..],
            Form::Block(_) | Form::Names | Form::Repeated(_) | Form::Argument => &[][..],
        };
        let Some(labels) = source.labels(labels, diags) else { return };
        let mut read = Read::default();
        let label = labels
            .first()
            .map(|label| Expr::literal(Value::from(*label), source.item.span(b.labels[0].span())));
        if let (Form::RepeatedWithLabel(_, filled), Some(label)) = (form(&row.ty), &label) {
            read.attributes.insert(filled.to_owned(), label.clone());
        }
        let before = diags.iter().count();
        match row.ty {
            Type::Names => read.names(source, diags),
            _ => read.body(source, inner, &[], diags),
        }
        if diags.iter().count() > before {
            self.failed.insert(name.to_owned());
        }
        self.references.append(&mut read.references);
        self.place(source, name, form(&row.ty), (label, object(read, source)), diags);
    }

    /// Puts what a block says where its form wants it: alone, under its label, or behind its likes.
    fn place(
        &mut self,
        source: Source<'_>,
        name: &str,
        form: Form,
        (label, object): (Option<Expr>, Expr),
        diags: &mut Diagnostics,
    ) {
        let span = source.span();
        let first = self.spans.get(name).copied();
        self.spans.entry(name.to_owned()).or_insert(span);
        let twice = |first| twice(source.header(), first);
        let existing = self.attributes.get_mut(name);
        let fresh = match (form, label, existing.map(|e| &mut e.kind)) {
            (Form::Block(_) | Form::Names, _, None) => object,
            (Form::Block(_) | Form::Names, _, Some(_)) => return diags.push(twice(first)),
            (Form::Labelled(_), Some(label), Some(ExprKind::Object(pairs))) => {
                match pairs.iter().find(|(k, _)| k.kind == label.kind) {
                    Some((k, _)) => diags.push(twice(Some(k.span))),
                    None => pairs.push((label, object)),
                }
                return;
            }
            (Form::Labelled(_), Some(label), _) => {
                Expr { kind: ExprKind::Object(vec![(label, object)]), span, sensitive: false }
            }
            (_, _, Some(ExprKind::List(items))) => return items.push(object),
            _ => Expr { kind: ExprKind::List(vec![object]), span, sensitive: false },
        };
        self.attributes.insert(name.to_owned(), fresh);
    }
}

/// Whether a block of the found type may stand where one of the wanted type does.
fn fits(wanted: &str, found: &str) -> bool {
    found == wanted || (wanted == ANY_BLOCK && found != "step" && !LATE.contains(&found))
}

/// The address of an instance whose key is an expression, as text.
fn instance(block: &str, key: &Expr, span: Span) -> Expr {
    let json = CallExpr { name: "jsonencode".to_owned(), args: vec![key.clone()], spread: false };
    let key = Expr { kind: ExprKind::Call(Box::new(json)), span: key.span, sensitive: false };
    let parts = vec![
        TemplatePart::Text(format!("{block}[")),
        TemplatePart::Interpolation(key),
        TemplatePart::Text("]".to_owned()),
    ];
    Expr { kind: ExprKind::Template(parts), span, sensitive: false }
}

/// The row of the table that a block fills, and the attributes it may hold.
fn row_of(
    source: Source<'_>,
    outer: Source<'_>,
    table: &'static [Attribute],
    diags: &mut Diagnostics,
) -> Option<(&'static Attribute, &'static [Attribute])> {
    let (name, span) = (source.block.ident.as_str(), source.header());
    let Some(row) = attribute(table, name) else {
        diags.push(stray(name, span, outer, table));
        return None;
    };
    match form(&row.ty) {
        Form::Block(inner)
        | Form::Repeated(inner)
        | Form::Labelled(inner)
        | Form::RepeatedWithLabel(inner, _) => Some((row, inner)),
        Form::Names => Some((row, &[])),
        Form::Argument => {
            let label = "written with braces, as a block";
            diags.push(
                Diagnostic::error(Code::BlockOrAttribute, "This is an attribute", span, label)
                    .help(format!("Write `{name} = …`.")),
            );
            None
        }
    }
}

/// What is said of a name that is not in the table of where it stands.
fn stray(name: &str, span: Span, inside: Source<'_>, table: &'static [Attribute]) -> Diagnostic {
    if let Some(why) = refused(name) {
        let label = format!("there is no `{name}` here");
        return Diagnostic::error(Code::Unsupported, "Not in this language", span, label).help(why);
    }
    unknown(name, span, inside.title(), table.iter().map(|a| a.name))
}

fn refused(name: &str) -> Option<&'static str> {
    Some(match name {
        "lifecycle" | "prevent_destroy" | "create_before_destroy" | "ignore_changes" => {
            "drctl never replaces or deletes a resource to change a setting, and leaves alone what is not written."
        }
        "provisioner" | "connection" => "drctl changes settings at providers and runs nothing on machines.",
        "dynamic" => "Write the blocks out.",
        "timeouts" => "Deadlines are given on the command line.",
        _ => return None,
    })
}

fn object(read: Read, source: Source<'_>) -> Expr {
    let pairs = read.attributes.into_iter().map(|(name, value)| {
        let span = read.spans.get(&name).copied().unwrap_or(value.span);
        (Expr::literal(Value::String(name), span), value)
    });
    Expr { kind: ExprKind::Object(pairs.collect()), span: source.span(), sensitive: false }
}

/// Something that is true or not, of `self` with these names.
fn of_self(expr: &mut Expr, names: &[&str], must_judge: bool, diags: &mut Diagnostics) {
    let own = |(reference, span): (&Reference, Span)| match (&reference.subject, reference.path.first()) {
        (Subject::Scoped(name), Some(PathStep::Attribute(first))) if name.as_str() == "self" => {
            Some((first.clone(), span))
        }
        _ => None,
    };
    let said: Vec<(String, Span)> = expr.references().into_iter().filter_map(own).collect();
    let stray = said.iter().find(|(name, _)| !names.contains(&name.as_str()));
    let judges = matches!(
        expr.kind,
        ExprKind::Binary(..) | ExprKind::Unary(..) | ExprKind::Conditional(..) | ExprKind::Call(_)
    );
    let all = format!("`self.{}`", names.join("`, `self."));
    let wrong = match stray {
        // What could not be read has been reported.
        _ if expr.kind == ExprKind::Element => return,
        Some((name, span)) => match near(name, names.iter().copied()) {
            Some(near) => Some((*span, format!("`self` has no `{name}`; did you mean `self.{near}`?"))),
            None => Some((*span, format!("`self` has no `{name}`, it has {all}"))),
        },
        None if must_judge && (said.is_empty() || !judges) => {
            Some((expr.span, format!("this must be a condition on {all}, without quotes")))
        }
        None if said.is_empty() => Some((expr.span, format!("this must be made of {all}, without quotes"))),
        None => None,
    };
    if let Some((span, label)) = wrong {
        diags.push(invalid(span, label));
        expr.kind = ExprKind::Element;
    }
}

/// The place of what a path leads to, as far as it leads.
fn below(expr: &Expr, path: &[String]) -> Option<Span> {
    let Some((first, rest)) = path.split_first() else { return Some(expr.span) };
    match &expr.kind {
        ExprKind::List(items) => below(items.get(first.parse::<usize>().ok()?)?, rest),
        ExprKind::Object(pairs) => pairs
            .iter()
            .find(|(k, _)| matches!(&k.kind, ExprKind::Literal(Value::String(name)) if name == first))
            .and_then(|(_, v)| below(v, rest)),
        _ => Some(expr.span),
    }
}
