//! Small blocks: settings, acceptances, imports; instants.

use jiff::Timestamp;

use super::block::{Source, address, invalid, missing};
use super::model::{Accept, Import, Settings};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::plan::AcceptKind;
use crate::span::Span;

/// An instant in RFC 3339, or a day, which means its end in UTC.
///
/// # Errors
/// With what is expected.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let day: jiff::civil::Date = text.parse().map_err(
        |_| "expected a day such as \"2026-12-31\" or an instant such as \"2026-12-31T12:00:00Z\"",
    )?;
    let next = day.tomorrow().map_err(|_| "too far in the future")?;
    let zoned = next.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| "too far in the future")?;
    Ok(zoned.timestamp())
}

/// `drctl { … }`
pub(super) fn drctl(source: Source<'_>, accepts: &mut Vec<Accept>, diags: &mut Diagnostics) -> Settings {
    source.labels(&[], diags);
    let parts = source.parts(&["required_version", "last_world_copies"], &["accept"], diags);
    for block in &parts.blocks {
        accept(*block, accepts, diags);
    }
    let required_version = parts.get("required_version").and_then(|a| source.text(a, diags));
    if let Some((text, span)) = &required_version {
        version(text, *span, diags);
    }
    let copies = parts.get("last_world_copies").map(|a| source.texts(a, diags)).unwrap_or_default();
    let mut last_world_copies = Vec::new();
    for (copy, span) in copies {
        if copy.trim().is_empty() {
            diags.push(invalid(span, "expected the path of a file or of a folder"));
        } else if !last_world_copies.contains(&copy) {
            last_world_copies.push(copy);
        }
    }
    Settings { required_version, last_world_copies }
}

fn version(text: &str, span: Span, diags: &mut Diagnostics) {
    let ours = env!("CARGO_PKG_VERSION");
    for constraint in text.split(',').map(str::trim) {
        let Some(holds) = satisfies(ours, constraint) else {
            diags.push(invalid(span, "expected constraints such as \">= 0.1, < 2\" or \"~> 0.1\""));
            return;
        };
        if !holds {
            let label = format!("this is drctl {ours}, and `{constraint}` is asked for");
            diags.push(
                Diagnostic::error(Code::WrongVersion, "Wrong version of drctl", span, label)
                    .help("Install a version that fits, or change `required_version`."),
            );
            return;
        }
    }
}

/// Whether a version fits one constraint; none when the constraint cannot be read.
fn satisfies(version: &str, constraint: &str) -> Option<bool> {
    fn numbers(text: &str) -> Option<Vec<u64>> {
        let parts: Vec<u64> = text.split('.').map(|p| p.parse().ok()).collect::<Option<_>>()?;
        (parts.len() <= 3).then_some(parts)
    }
    let split = constraint.find(|c: char| c.is_ascii_digit())?;
    let (operator, wanted) = (constraint[..split].trim(), numbers(&constraint[split..])?);
    let pad = |mut v: Vec<u64>| {
        v.resize(3, 0);
        v
    };
    let (ours, least) = (pad(numbers(version)?), pad(wanted.clone()));
    Some(match operator {
        "" | "=" => ours == least,
        "!=" => ours != least,
        ">" => ours > least,
        ">=" => ours >= least,
        "<" => ours < least,
        "<=" => ours <= least,
        "~>" => {
            // The last number given may grow, those before it may not.
            let fixed = wanted.len().saturating_sub(1).max(1);
            ours >= least && ours[..fixed] == least[..fixed]
        }
        _ => return None,
    })
}

/// `accept { … }`
pub(super) fn accept(source: Source<'_>, accepts: &mut Vec<Accept>, diags: &mut Diagnostics) {
    source.labels(&[], diags);
    let parts = source.parts(&["irreversible", "weakens", "outage", "until"], &[], diags);
    let until = parts.get("until").and_then(|a| source.text(a, diags));
    let until = until.and_then(|(text, span)| match instant(&text) {
        Ok(until) => Some(until),
        Err(message) => {
            diags.push(invalid(span, message));
            None
        }
    });
    let kinds = [
        ("irreversible", AcceptKind::Irreversible),
        ("weakens", AcceptKind::Weakens),
        ("outage", AcceptKind::Outage),
    ];
    // Without the end that was meant, nothing is accepted.
    if until.is_none() && parts.get("until").is_some() {
        return;
    }
    for (name, kind) in kinds {
        let Some(attribute) = parts.get(name) else { continue };
        for (reference, span) in source.references(attribute, diags) {
            if let Some(address) = address(&reference, span, diags) {
                accepts.push(Accept { kind, address, until, span });
            }
        }
    }
}

/// `import { … }`
pub(super) fn import(source: Source<'_>, diags: &mut Diagnostics) -> Option<Import> {
    source.labels(&[], diags);
    let parts = source.parts(&["to", "id"], &[], diags);
    for name in ["to", "id"] {
        if parts.get(name).is_none() {
            diags.push(missing(name, source.header(), "import"));
        }
    }
    let to = source.address(parts.get("to")?, diags)?;
    let id = source.lower(&parts.get("id")?.value, diags);
    Some(Import { to, id, span: source.header() })
}
