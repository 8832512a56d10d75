//! Small blocks: settings, acceptances, imports; instants.

use hcl_edit::Span as _;
use hcl_edit::structure::Attribute;
use jiff::Timestamp;

use super::block::{Source, address, invalid, missing, twice};
use super::model::{Accept, Import, Settings};
use super::resource::provider_address;
use crate::addr::{Name, ProviderAddress};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{ExprKind, Reference, Subject};
use crate::plan::AcceptKind;
use crate::span::Span;
use crate::system::{JournalCopy, LastWorldCopy, OwnFiles, SiteRef};

/// The provider of a `journal_copy` that names none.
const JOURNAL_PROVIDER: &str = "aws";
/// The prefix of a `journal_copy` that names none.
const JOURNAL_PREFIX: &str = "drctl/";
/// A key has 1,024 bytes at most, and the names of runs need room.
const PREFIX_BYTES_MAX: usize = 800;

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
pub(super) fn drctl(
    source: Source<'_>,
    (accepts, references): (&mut Vec<Accept>, &mut Vec<(Reference, Span)>),
    diags: &mut Diagnostics,
) -> Settings {
    source.labels(&[], diags);
    let blocks = ["accept", "last_world_copy", "journal_copy"];
    let parts = source.parts(&["required_version", "site"], &blocks, diags);
    let mut copies: Vec<LastWorldCopy> = Vec::new();
    let mut journals: Vec<(Span, Option<JournalCopy>)> = Vec::new();
    for block in &parts.blocks {
        match block.title() {
            "accept" => accept(*block, accepts, diags),
            "journal_copy" => journals.push((block.header(), journal_copy(*block, diags))),
            _ => copies.extend(copy(*block, references, diags)),
        }
    }
    if let [(first, _), again @ ..] = journals.as_slice() {
        diags.extend(again.iter().map(|(span, _)| twice(*span, Some(*first))));
    }
    let journal = journals.into_iter().next().and_then(|(_, journal)| journal);
    let site = parts.get("site").and_then(|a| site(source, a, references, diags));
    let required_version = parts.get("required_version").and_then(|a| source.text(a, diags));
    if let Some((text, span)) = &required_version {
        version(text, *span, diags);
    }
    Settings { required_version, own: OwnFiles { site, copies, journal } }
}

/// `last_world_copy { … }`
fn copy(
    source: Source<'_>,
    references: &mut Vec<(Reference, Span)>,
    diags: &mut Diagnostics,
) -> Option<LastWorldCopy> {
    source.labels(&[], diags);
    let parts = source.parts(&["path", "site", "region"], &[], diags);
    let site = parts.get("site").and_then(|a| site(source, a, references, diags));
    let region = parts.get("region").and_then(|a| source.text(a, diags));
    let Some(path) = parts.get("path") else {
        diags.push(missing("path", source.header(), "last_world_copy"));
        return None;
    };
    let (path, span) = source.text(path, diags)?;
    if path.trim().is_empty() {
        diags.push(invalid(span, "expected the path of a file or of a folder"));
        return None;
    }
    Some(LastWorldCopy { path, site: site.map(|(site, _)| site), region: region.map(|(region, _)| region) })
}

/// `journal_copy { … }`
fn journal_copy(source: Source<'_>, diags: &mut Diagnostics) -> Option<JournalCopy> {
    source.labels(&[], diags);
    let parts = source.parts(&["bucket", "prefix", "provider"], &[], diags);
    let provider = match parts.get("provider") {
        Some(a) => (provider_address(source, &a.value, diags)?, source.item.span(a.value.span())),
        None => {
            let name = Name::new(JOURNAL_PROVIDER).expect("it is a name");
            (ProviderAddress { name, alias: None }, source.header())
        }
    };
    let prefix = match parts.get("prefix") {
        Some(a) => prefix(source.text(a, diags)?, diags)?,
        None => JOURNAL_PREFIX.to_owned(),
    };
    let Some(bucket) = parts.get("bucket") else {
        diags.push(missing("bucket", source.header(), "journal_copy"));
        return None;
    };
    let (bucket, span) = source.text(bucket, diags)?;
    if bucket.trim().is_empty() || bucket.contains('/') {
        diags.push(invalid(span, "expected the name of a bucket"));
        return None;
    }
    Some(JournalCopy { bucket, prefix, provider, region: None })
}

/// A part of a key: an empty folder's name in it would be somebody else's key.
fn prefix((text, span): (String, Span), diags: &mut Diagnostics) -> Option<String> {
    let bad = text.starts_with('/') || text.contains("//") || text.chars().any(char::is_control);
    if bad || text.len() > PREFIX_BYTES_MAX {
        diags.push(invalid(span, "expected what all keys begin with, such as \"drctl/\""));
        return None;
    }
    Some(text)
}

/// A site, by its name.
fn site(
    source: Source<'_>,
    attribute: &Attribute,
    references: &mut Vec<(Reference, Span)>,
    diags: &mut Diagnostics,
) -> Option<(SiteRef, Span)> {
    let lowered = source.lower(&attribute.value, diags);
    match lowered.kind {
        ExprKind::Reference(reference) => {
            if let Subject::Block(_, block, name) = &reference.subject
                && (block.as_str(), reference.path.as_slice()) == ("site", &[])
            {
                let site = SiteRef(name.clone());
                references.push((*reference, lowered.span));
                return Some((site, lowered.span));
            }
        }
        // What could not be read has been reported.
        ExprKind::Element => return None,
        _ => {}
    }
    diags.push(invalid(lowered.span, "this must be a site: `site.NAME`"));
    None
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
