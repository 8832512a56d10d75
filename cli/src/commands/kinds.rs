//! `drctl kinds`: the reference of resource kinds, written from their own tables.

use std::fmt::Write;

use drctl_core::codes::Code;
use drctl_core::provider::{AnyKind, Registry};
use drctl_core::schema::{Attribute, Role, Type};
use serde_json::{Value as Json, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::palette::{Look, Tone};
use crate::render::text::wrap;
use crate::ui::{Format, Ui};

/// Options of `drctl kinds`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Shows this kind with its attributes; all kinds in short without it
    kind: Option<String>,
}

/// Prints the reference.
pub(crate) fn run(args: &Args, registry: &Registry, ui: &mut Ui) -> Result<Exit, Failure> {
    let look = ui.look();
    let text = match (&args.kind, ui.format) {
        (None, Format::Text) => registry.kinds().map(|k| short(k, look)).collect(),
        (None, Format::Json) => format!("{:#}\n", json!(registry.kinds().map(object).collect::<Vec<_>>())),
        (Some(name), format) => {
            let kind = find(name, registry)?;
            match format {
                Format::Text => long(kind, look),
                Format::Json => format!("{:#}\n", object(kind)),
            }
        }
    };
    ui.print(&text)?;
    Ok(Exit::Success)
}

fn find(name: &str, registry: &Registry) -> Result<&'static dyn AnyKind, Failure> {
    registry.kind(name).ok_or_else(|| {
        let names: Vec<&str> = registry.kinds().map(|k| k.name()).collect();
        let headline = format!("There is no kind `{}`", crate::render::text::safe(name));
        Failure::new(Code::BadArgument, headline, format!("Kinds are: {}.", names.join(", ")))
    })
}

fn first_line(docs: &str) -> &str {
    docs.trim().lines().next().unwrap_or_default()
}

fn paragraph(docs: &str) -> String {
    docs.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn short(kind: &'static dyn AnyKind, look: Look) -> String {
    format!(
        "{}\n{}\n",
        look.paint(Tone::Strong, kind.name()),
        wrap("    ", first_line(kind.docs()), look.width)
    )
}

fn long(kind: &'static dyn AnyKind, look: Look) -> String {
    let mut text = format!("{}\n", look.paint(Tone::Strong, kind.name()));
    let _ = writeln!(text, "{}", wrap("    ", &paragraph(kind.docs()), look.width));
    if !kind.creates() {
        text += "    drctl adopts an existing one and never creates it.\n";
    }
    let _ = writeln!(text, "\n{}", look.paint(Tone::Strong, "ATTRIBUTES"));
    table(kind.inputs(), 2, &mut text, look);
    let _ = writeln!(text, "\n{}", look.paint(Tone::Strong, "WHAT THE PROVIDER DECIDES"));
    table(kind.outputs(), 2, &mut text, look);
    text
}

fn table(attributes: &'static [Attribute], depth: usize, text: &mut String, look: Look) {
    for attribute in attributes {
        let indent = " ".repeat(depth);
        let mut words = vec![type_name(&attribute.ty)];
        if attribute.required {
            words.push("required".to_owned());
        }
        if attribute.sensitive {
            words.push("sensitive".to_owned());
        }
        if let Some(role) = role(attribute.role) {
            words.push(role.to_owned());
        }
        let name = look.paint(Tone::Strong, attribute.name);
        let _ = writeln!(text, "{indent}{name}  ({})", words.join(", "));
        let _ = writeln!(text, "{}", wrap(&format!("{indent}    "), &paragraph(attribute.docs), look.width));
        if let Some(inner) = fields(&attribute.ty) {
            table(inner, depth + 4, text, look);
        }
    }
}

/// The attributes of a nested block.
fn fields(ty: &Type) -> Option<&'static [Attribute]> {
    match ty {
        Type::Object(fields) => Some(fields),
        Type::List(of) | Type::Set(of) | Type::Map(of) => fields(of),
        Type::Any
        | Type::Bool
        | Type::Number
        | Type::String(_)
        | Type::Reference(_)
        | Type::Names
        | Type::Condition(_)
        | Type::Told(_) => None,
    }
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::Any => "any value".to_owned(),
        Type::Bool => "true or false".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String(what) => (*what).to_owned(),
        Type::Names => "any names, each with text".to_owned(),
        Type::Condition(names) => format!("a condition on `self.{}`", names.join("`, `self.")),
        Type::Told(names) => format!("an expression over `self.{}`", names.join("`, `self.")),
        Type::Reference("") => "a reference to a resource".to_owned(),
        Type::Reference("*") => "a reference to a block".to_owned(),
        Type::Reference(block) => format!("a reference to a {block}"),
        Type::Object(_) => "block".to_owned(),
        Type::Map(of) if fields(of).is_some() => "blocks with a label".to_owned(),
        Type::List(of) | Type::Set(of) if fields(of).is_some() => "repeated blocks".to_owned(),
        Type::List(of) => format!("list of {}", without_article(&type_name(of))),
        Type::Set(of) => format!("set of {}", without_article(&type_name(of))),
        Type::Map(of) => format!("map of {}", without_article(&type_name(of))),
    }
}

fn without_article(name: &str) -> &str {
    name.strip_prefix("a ").or_else(|| name.strip_prefix("an ")).unwrap_or(name)
}

fn role(role: Role) -> Option<&'static str> {
    match role {
        Role::Managed => None,
        Role::Identity => Some("names it at the provider"),
        Role::Fixed => Some("fixed at creation"),
        Role::Option => Some("steers how a change is made"),
        Role::Label => Some("the label of the block"),
        Role::WriteOnly => Some("cannot be read back"),
    }
}

fn object(kind: &'static dyn AnyKind) -> Json {
    json!({
        "name": kind.name(),
        "docs": paragraph(kind.docs()),
        "creates": kind.creates(),
        "attributes": attributes(kind.inputs()),
        "outputs": attributes(kind.outputs()),
    })
}

fn attributes(table: &'static [Attribute]) -> Vec<Json> {
    table
        .iter()
        .map(|a| {
            let mut object = json!({
                "name": a.name, "docs": paragraph(a.docs), "type": type_name(&a.ty),
                "required": a.required, "sensitive": a.sensitive,
            });
            if let Some(role) = role(a.role) {
                object["role"] = json!(role);
            }
            if let Some(inner) = fields(&a.ty) {
                object["attributes"] = json!(attributes(inner));
            }
            object
        })
        .collect()
}
