//! Findings for people and for programs.

use std::fmt::Write as _;

use drctl_core::diag::Severity;
use drctl_core::findings::{Finding, Placed};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::markdown::{code, escape, within};
use super::palette::{Look, Tone};
use super::text::{clip, count, quoted, safe, wrap};

/// All of them, what is waived last, and a line that counts them.
pub(crate) fn text(findings: &[Placed], look: Look) -> String {
    if findings.is_empty() {
        return format!("{}\n", look.paint(Tone::Good, "Nothing is found to be wrong."));
    }
    let mut text = String::new();
    for finding in findings {
        text += &one(finding, look);
        text.push('\n');
    }
    format!("{text}{}\n", counts(findings))
}

/// `2 errors, 1 warning, 1 waived`
pub(crate) fn counts(findings: &[Placed]) -> String {
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
fn place(finding: &Placed) -> String {
    finding.span.as_ref().map_or_else(String::new, |at| format!("{}:{}", at.file, at.start.line))
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
pub(crate) fn headline(finding: &Placed, look: Look) -> String {
    let word = match &finding.waived {
        None => look.paint(tone(finding.severity), word(finding.severity)),
        Some(_) => look.paint(Tone::Faint, "waived"),
    };
    let (rule, place) = (finding.rule, quoted(&place(finding)));
    let address = look.paint(Tone::Strong, &quoted(&finding.address));
    let summary = wrap("  ", &quoted(&finding.summary), look.width);
    format!("{word} {rule} {address}  {place}\n{summary}\n")
}

fn one(finding: &Placed, look: Look) -> String {
    let mut text = headline(finding, look);
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

/// Findings of a plan that are shown in it; of the rest only the number.
const MOST_IN_PLAN: usize = 5;

/// The worst of them in the text of a plan, two lines each, and where to read on; nothing without findings.
pub(crate) fn section(findings: &[Placed], look: Look) -> String {
    let Some(worst) = findings.iter().filter(|f| f.waived.is_none()).map(|f| f.severity).min() else {
        return match findings {
            [] => String::new(),
            all => format!("\n{}\n", look.paint(Tone::Faint, &format!("Findings ({})", counts(all)))),
        };
    };
    let title = format!("Findings ({})", counts(findings));
    let mut text = format!("\n{}\n", look.paint(tone(worst), &title));
    let open: Vec<&Placed> = findings.iter().filter(|f| f.waived.is_none()).collect();
    for finding in open.iter().take(MOST_IN_PLAN) {
        for line in headline(finding, look).lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    let rest = match open.len().saturating_sub(MOST_IN_PLAN) {
        0 => String::new(),
        n => format!("{n} more. "),
    };
    let _ = writeln!(text, "  {rest}Why, and what to do: {}", look.paint(Tone::Strong, "drctl findings"));
    text
}

/// Findings in a comment; of the rest only the number.
const MOST_ROWS: usize = 20;
/// Columns of a cell: a comment has a limit, and names have none.
const CELL: usize = 160;

/// A table for a pull request, the worst first; nothing without findings.
pub(crate) fn markdown(findings: &[Placed]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut text = format!("\n### Findings: {}\n", counts(findings));
    let open: Vec<&Placed> = findings.iter().filter(|f| f.waived.is_none()).collect();
    if !open.is_empty() {
        text += "\n| | rule | of | what | where |\n|---|---|---|---|---|\n";
    }
    let cell = |text: &str| clip(&safe(text), CELL, "…");
    let rows = open.iter().map(|finding| {
        let (severity, rule) = (word(finding.severity), finding.rule);
        let (address, summary) = (code(&cell(&finding.address)), escape(&cell(&finding.summary)));
        format!("| {severity} | {rule} | {address} | {summary} | {} |\n", escape(&cell(&place(finding))))
    });
    let left_out = within(&mut text, rows, MOST_ROWS);
    if left_out > 0 {
        let _ = writeln!(text, "\n{left_out} more: `drctl findings` has them all.");
    }
    text
}

/// All of them.
pub(crate) fn json(findings: &[Placed], now: Timestamp) -> Json {
    json!({ "format_version": "1.0", "as_of": now, "findings": findings.iter().map(object).collect::<Vec<_>>() })
}

/// One for programs; the same in a plan.
pub(super) fn object(finding: &Placed) -> Json {
    let Finding { rule, severity, summary, detail, address, span, fix, waived } = finding;
    json!({
        "rule": rule.id(),
        "name": rule.name(),
        "severity": word(*severity),
        "summary": summary,
        "detail": detail,
        "address": address,
        "attribute": null,
        "range": span,
        "facts": [],
        "fix": fix,
        "waiver": waived.as_ref().map(|w| json!({
            "name": w.name,
            "owner": w.owner,
            "until": w.until,
            "reason": w.reason,
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn a_plan_shows_the_worst_and_counts_the_rest() {
        let milder = Finding { severity: Severity::Note, ..sample::finding() };
        let mut all = vec![sample::finding(); 7];
        all.extend([milder, sample::waived()]);
        let text = section(&all, Look::PLAIN);
        assert!(text.starts_with("\nFindings (7 errors, 1 note, 1 waived)\n  error DR801 "), "{text}");
        assert_eq!(text.matches("error DR801").count(), MOST_IN_PLAN);
        assert!(text.ends_with("  3 more. Why, and what to do: drctl findings\n"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        assert_eq!(section(&[sample::waived()], Look::PLAIN), "\nFindings (1 waived)\n");
        assert_eq!(section(&[], Look::PLAIN), "");
    }

    #[test]
    fn nothing_in_a_comment_comes_from_a_finding_but_text() {
        let long = Finding { summary: "|".repeat(100_000), ..sample::finding() };
        let mut all = vec![sample::finding()];
        all.extend(vec![long; 30]);
        let text = markdown(&all);
        assert!(text.contains("it destroys &lt;/details&gt; &#64;all \\| \\`x\\` "), "{text}");
        assert!(text.contains("\n11 more: `drctl findings` has them all.\n"), "{text}");
        assert!(text.chars().count() < 10_000);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    }
}
