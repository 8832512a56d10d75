//! Findings, notes of a plan and diagnostics as SARIF 2.1.0, which code hosts show beside the lines.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use drctl_core::codes::Code;
use drctl_core::diag::{Diagnostic, Diagnostics, Severity};
use drctl_core::findings::{Placed, RuleId};
use drctl_core::plan::{Lines, Source, sha256_hex};
use drctl_core::rule::{Effect, Note};
use drctl_core::span::{Position, SourceMap};
use serde_json::{Value as Json, json};

use super::text::cut;
use super::view::View;

/// Where the schema of the format is.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Results that a code host takes of one run: it refuses the whole file with more.
const MOST_RESULTS: usize = 25_000;

/// What is told, and of which folder.
pub(crate) struct Report<'r> {
    /// The command, which keeps its results apart from those of others.
    pub(crate) command: &'r str,
    /// The folder of the configuration, as it was given.
    pub(crate) dir: &'r Path,
    /// The file that what has no place is shown at.
    pub(crate) root: &'r str,
    found: Vec<Found>,
}

/// What stands behind a result.
struct Rule {
    id: String,
    name: Option<&'static str>,
    text: String,
    source: Option<&'static str>,
    level: Severity,
}

/// One result.
struct Found {
    rule: Rule,
    severity: Severity,
    address: String,
    text: String,
    at: Option<Source>,
    /// Why somebody lives with it.
    suppressed: Option<String>,
}

/// The file that stands first, where something has no place.
pub(crate) fn root(sources: &SourceMap) -> &str {
    sources.iter().next().map_or("main.dr.hcl", |(_, file)| file.name.as_str())
}

impl<'r> Report<'r> {
    /// Of nothing yet.
    pub(crate) fn new(command: &'r str, dir: &'r Path, root: &'r str) -> Report<'r> {
        Report { command, dir, root, found: Vec::new() }
    }

    /// With what is wrong with the declared system.
    pub(crate) fn findings<'f>(mut self, findings: impl IntoIterator<Item = &'f Placed>) -> Report<'r> {
        self.found.extend(findings.into_iter().map(finding));
        self
    }

    /// With what facts mean for the changes of a plan.
    pub(crate) fn notes(mut self, view: &View<'_>) -> Report<'r> {
        for change in &view.plan.changes {
            for note in &change.notes {
                let Some(severity) = severity(note) else { continue };
                let fact = view.registry.fact(&note.fact.0);
                let of = note.attribute.as_ref().map_or_else(String::new, |a| format!(" {a}"));
                let address = format!("{}{of}", change.address);
                let help = note.help.iter().cloned().collect::<Vec<_>>();
                self.found.push(Found {
                    rule: Rule {
                        id: note.fact.to_string(),
                        name: None,
                        text: fact.map_or_else(String::new, |f| f.text.to_owned()),
                        source: fact.map(|f| f.source),
                        level: Severity::Warning,
                    },
                    severity,
                    text: message(&address, &note.reason, &help),
                    address,
                    at: change.source.clone(),
                    suppressed: None,
                });
            }
        }
        self
    }

    /// With what is wrong with the text.
    pub(crate) fn diagnostics(mut self, diagnostics: &Diagnostics, sources: &SourceMap) -> Report<'r> {
        let lines = Lines::new(sources);
        self.found.extend(diagnostics.iter().map(|d| diagnostic(d, &lines)));
        self
    }

    /// The file.
    pub(crate) fn json(&self) -> Json {
        let mut rules: BTreeMap<&str, &Rule> = BTreeMap::new();
        let told = &self.found[..self.found.len().min(MOST_RESULTS)];
        for found in told {
            rules.entry(&found.rule.id).or_insert(&found.rule);
        }
        let indexes: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(i, id)| (*id, i)).collect();
        let mut again: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let results: Vec<Json> = told
            .iter()
            .map(|found| {
                let id = found.rule.id.as_str();
                let number = again.entry((id, &found.address)).or_default();
                *number += 1;
                self.result(found, indexes[id], *number)
            })
            .collect();
        let mut run = json!({
            "tool": { "driver": {
                "name": "drctl",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().map(|rule| rule.json()).collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": format!("drctl/{}/", self.command) },
            "columnKind": "unicodeCodePoints",
            "results": results,
        });
        let left_out = self.found.len() - told.len();
        if left_out > 0 {
            run["properties"] = json!({ "leftOut": left_out });
        }
        json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] })
    }

    fn result(&self, found: &Found, index: usize, number: usize) -> Json {
        let (file, region) = match &found.at {
            Some(Source { file, start, end }) => (&**file, region(*start, *end)),
            None => (self.root, json!({ "startLine": 1 })),
        };
        // Where lines move, a result stays the same: the rule, what it is of, and the how many-th of these.
        let same = match number {
            1 => format!("{}\n{}", found.rule.id, found.address),
            n => format!("{}\n{}\n{n}", found.rule.id, found.address),
        };
        let suppressions: Vec<Json> = found
            .suppressed
            .iter()
            .map(|why| json!({ "kind": "external", "status": "accepted", "justification": why }))
            .collect();
        json!({
            "ruleId": found.rule.id,
            "ruleIndex": index,
            "level": level(found.severity),
            "message": { "text": cut(&found.text) },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": self.uri(file), "uriBaseId": "%SRCROOT%" },
                "region": region,
            }}],
            "partialFingerprints": { "drctl/v1": sha256_hex(same.as_bytes()) },
            "suppressions": suppressions,
        })
    }

    /// The file seen from where the command was given, which is the root of the repository as a rule. A
    /// folder elsewhere leads nowhere in it and is left out.
    fn uri(&self, file: &str) -> String {
        let mut parts = Vec::new();
        for part in self.dir.components() {
            match part {
                Component::CurDir => {}
                Component::Normal(name) => parts.push(encoded(&name.to_string_lossy())),
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                    parts.clear();
                    break;
                }
            }
        }
        parts.push(encoded(file));
        parts.join("/")
    }
}

/// How bad a note is; none for what is only good to know.
fn severity(note: &Note) -> Option<Severity> {
    match note.effect {
        Effect::Refuse => Some(Severity::Error),
        Effect::Irreversible | Effect::Weakens | Effect::Outage | Effect::Warn => Some(Severity::Warning),
        Effect::Strengthens | Effect::Inform => None,
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// What a host sorts by: from 7.0 on high, from 4.0 on medium.
fn rank(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "8.0",
        Severity::Warning => "5.0",
        Severity::Note => "2.0",
    }
}

impl Rule {
    fn json(&self) -> Json {
        let mut json = json!({
            "id": self.id,
            "shortDescription": { "text": if self.text.is_empty() { &self.id } else { &self.text } },
            "defaultConfiguration": { "level": level(self.level) },
            "properties": { "tags": ["disaster-recovery", "security"], "security-severity": rank(self.level) },
        });
        if let Some(name) = self.name {
            json["name"] = json!(name);
        }
        if let Some(source) = self.source.filter(|s| s.starts_with("https://") && !s.contains(' ')) {
            json["helpUri"] = json!(source);
        }
        json
    }
}

fn rule(id: RuleId) -> Rule {
    let text = id.docs().split_whitespace().collect::<Vec<_>>().join(" ");
    Rule { id: id.to_string(), name: Some(id.name()), text, source: None, level: id.severity() }
}

fn code(code: Code, level: Severity) -> Rule {
    let text = code.docs().split_whitespace().collect::<Vec<_>>().join(" ");
    Rule { id: code.to_string(), name: None, text, source: None, level }
}

fn finding(finding: &Placed) -> Found {
    let more = [finding.detail.clone(), finding.fix.clone()];
    let suppressed = finding
        .waived
        .as_ref()
        .map(|w| format!("{} (waiver.{} of contact.{}, until {})", w.reason, w.name, w.owner, w.until));
    Found {
        rule: rule(finding.rule),
        severity: finding.severity,
        address: finding.address.clone(),
        text: message(&finding.address, &finding.summary, &more),
        at: finding.span.clone(),
        suppressed,
    }
}

fn diagnostic(d: &Diagnostic, lines: &Lines<'_>) -> Found {
    let first = d.labels.first();
    let here = first.map(|label| label.text.clone()).filter(|text| !text.is_empty());
    let summary = here.map_or_else(|| d.headline.clone(), |here| format!("{}: {here}", d.headline));
    let address = d.address.as_ref().map(ToString::to_string).unwrap_or_default();
    Found {
        rule: code(d.code, d.severity),
        severity: d.severity,
        text: message(&address, &summary, &d.help.iter().cloned().collect::<Vec<_>>()),
        address,
        at: first.and_then(|label| lines.source(label.span)),
        suppressed: None,
    }
}

/// `ADDRESS: SUMMARY. WHY FIX`
fn message(address: &str, summary: &str, more: &[String]) -> String {
    let colon = if address.is_empty() { String::new() } else { format!("{address}: ") };
    let sentences = more.iter().filter(|text| !text.is_empty()).map(|text| format!(" {text}"));
    let end = if summary.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{colon}{summary}{end}{}", sentences.collect::<String>())
}

/// A range; a host shows nothing of one that ends where it begins.
fn region(start: Position, end: Position) -> Json {
    let mut region = json!({ "startLine": start.line, "startColumn": start.column });
    if (end.line, end.column) > (start.line, start.column) {
        region["endLine"] = json!(end.line);
        region["endColumn"] = json!(end.column);
    }
    region
}

/// A part of a path as it stands in a URI.
fn encoded(part: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    part.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::schema::{Of, schema};
    use crate::render::{sample, schema_check};

    fn report(dir: &str) -> Json {
        let plan = sample::plan();
        let again = [sample::finding(), sample::finding(), sample::waived()];
        let report = Report::new("plan", Path::new(dir), "main.dr.hcl");
        report.findings(&again).notes(&sample::view(&plan)).json()
    }

    #[test]
    fn it_keeps_to_its_schema_and_points_into_the_repository() {
        let json = report("live/eu west");
        assert_eq!(schema_check::check(&schema(Of::Sarif), &json), Vec::<String>::new());
        let results = json["runs"][0]["results"].as_array().unwrap();
        let rules = json["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        let uri = |r: &Json| r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(uri(result).as_str().unwrap().starts_with("live/eu%20west/"), "{result}");
        }
        assert!(results.iter().any(|r| r["ruleId"] == "DR801"));
        for outside in ["/srv/live", "../live", "live/../../x"] {
            assert!(!uri(&report(outside)["runs"][0]["results"][0]).as_str().unwrap().contains("live"));
        }
    }

    #[test]
    fn the_same_finding_twice_is_two_and_a_waived_one_is_suppressed() {
        let json = report("");
        let results = json["runs"][0]["results"].as_array().unwrap();
        assert_ne!(results[0]["partialFingerprints"], results[1]["partialFingerprints"]);
        assert_eq!(results[0]["suppressions"], json!([]));
        assert_eq!(results[2]["suppressions"][0]["kind"], "external");
        assert!(!json.to_string().contains("hunter2"));
    }

    #[test]
    fn more_than_a_host_takes_are_counted() {
        let many = vec![sample::finding(); MOST_RESULTS + 3];
        let json = Report::new("findings", Path::new(""), "a.dr.hcl").findings(&many).json();
        assert_eq!(json["runs"][0]["results"].as_array().unwrap().len(), MOST_RESULTS);
        assert_eq!(json["runs"][0]["properties"]["leftOut"], 3);
    }
}
