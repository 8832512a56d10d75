//! Findings for people and for programs.

use drctl_core::diag::Severity;
use drctl_core::findings::Finding;
use drctl_core::span::SourceMap;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::diagnostics::range;
use super::palette::{Look, Tone};
use super::text::{count, quoted, wrap};

/// All of them, what is waived last, and a line that counts them.
pub(crate) fn text(findings: &[Finding], sources: &SourceMap, look: Look) -> String {
    if findings.is_empty() {
        return format!("{}\n", look.paint(Tone::Good, "Nothing is found to be wrong."));
    }
    let mut text = String::new();
    for finding in findings {
        text += &one(finding, sources, look);
        text.push('\n');
    }
    format!("{text}{}\n", counts(findings))
}

/// `2 errors, 1 warning, 1 waived`
pub(crate) fn counts(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|f| f.waived.is_none() && f.severity == severity).count();
    let all = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let numbers = all.into_iter().map(|(severity, name)| (of(severity), name)).filter(|(n, _)| *n > 0);
    let mut parts: Vec<String> = numbers.map(|(n, name)| count(n, name)).collect();
    let waived = findings.iter().filter(|f| f.waived.is_some()).count();
    if waived > 0 {
        parts.push(format!("{waived} waived"));
    }
    parts.join(", ")
}

/// `main.dr.hcl:12`
fn place(finding: &Finding, sources: &SourceMap) -> String {
    let file = sources.get(finding.span.file).map_or("", |f| f.name.as_str());
    format!("{file}:{}", sources.position(finding.span.file, finding.span.start).line)
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Caution,
        Severity::Note => Tone::Faint,
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Two lines: what and where.
pub(crate) fn headline(finding: &Finding, sources: &SourceMap, look: Look) -> String {
    let word = match &finding.waived {
        None => look.paint(tone(finding.severity), word(finding.severity)),
        Some(_) => look.paint(Tone::Faint, "waived"),
    };
    let (rule, place) = (finding.rule, quoted(&place(finding, sources)));
    let address = look.paint(Tone::Strong, &quoted(&finding.address));
    let summary = wrap("  ", &quoted(&finding.summary), look.width);
    format!("{word} {rule} {address}  {place}\n{summary}\n")
}

fn one(finding: &Finding, sources: &SourceMap, look: Look) -> String {
    let mut text = headline(finding, sources, look);
    let mut line = |name: &str, say: &str| {
        text += &wrap(&format!("  {name:<6} "), &quoted(say), look.width);
        text.push('\n');
    };
    line("why", &finding.detail);
    match &finding.waived {
        None => line("fix", &finding.fix),
        Some(waived) => {
            let (name, owner, until) = (&waived.name, &waived.owner, waived.until);
            line("waived", &format!("by contact.{owner} until {until} (waiver.{name}): {}", waived.reason));
        }
    }
    text
}

/// All of them.
pub(crate) fn json(findings: &[Finding], sources: &SourceMap, now: Timestamp) -> Json {
    json!({ "format_version": "1.0", "as_of": now, "findings": list(findings, sources) })
}

/// One object for each.
pub(crate) fn list(findings: &[Finding], sources: &SourceMap) -> Vec<Json> {
    findings.iter().map(|finding| object(finding, sources)).collect()
}

fn object(finding: &Finding, sources: &SourceMap) -> Json {
    let Finding { rule, severity, summary, detail, address, span, fix, waived } = finding;
    json!({
        "rule": rule.id(),
        "name": rule.name(),
        "severity": word(*severity),
        "summary": summary,
        "detail": detail,
        "address": address,
        "range": range(*span, sources),
        "fix": fix,
        "waiver": waived.as_ref().map(|w| json!({
            "name": w.name,
            "owner": w.owner,
            "until": w.until,
            "reason": w.reason,
        })),
    })
}
