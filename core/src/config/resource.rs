//! `resource` blocks: their labels, what every resource has, and the body by the table of the kind.

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::structure::Structure;

use super::block::{Source, invalid};
use super::body::Read;
use super::model::Resource;
use crate::addr::{KindName, ModulePath, Name, ProviderAddress};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::Expr;
use crate::lang::near;
use crate::map::Map;
use crate::provider::Registry;
use crate::span::Span;

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
