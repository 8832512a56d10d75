//! Checks as JUnit XML, which every CI system shows: what was looked at, what failed and what could not be
//! looked at.

use std::fmt::Write as _;

use drctl_core::findings::{Checked, Placed, RuleId};
use drctl_core::objective::{Judgement, Metric};
use drctl_core::recovery::{Status, readable};
use jiff::Timestamp;

use super::text::{cut, safe};

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing is wrong; what is worth knowing.
    Passed(Option<String>),
    /// It is wrong: a word for programs and what it is.
    Failed(&'static str, String),
    /// It could not be looked at.
    Unknown(&'static str, String),
    /// Somebody has decided not to look.
    Skipped(String),
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    /// What it is of.
    pub(crate) of: String,
    /// What is looked at.
    pub(crate) name: String,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// The seconds that it took; none where nothing was run.
    pub(crate) took_s: i64,
    /// Numbers and names that belong to it.
    pub(crate) properties: Vec<(&'static str, String)>,
}

/// Checks that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suite {
    /// The scenario, the file.
    pub(crate) name: String,
    /// Its checks.
    pub(crate) cases: Vec<Case>,
}

/// How many ended how.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn of<'c>(cases: impl Iterator<Item = &'c Case>) -> Counts {
        let mut counts = Counts::default();
        for case in cases {
            counts.tests += 1;
            match case.outcome {
                Outcome::Passed(_) => {}
                Outcome::Failed(..) => counts.failures += 1,
                Outcome::Unknown(..) => counts.errors += 1,
                Outcome::Skipped(_) => counts.skipped += 1,
            }
        }
        counts
    }

    fn text(&self) -> String {
        let Counts { tests, failures, errors, skipped } = self;
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
    }
}

/// The name of a report; that the cloud is a simulated one stands in every output.
pub(crate) fn named(name: &str, simulated: bool) -> String {
    if simulated { format!("{name} (SIM: a simulated cloud)") } else { name.to_owned() }
}

/// All of them. Where nothing was run, no time has passed.
pub(crate) fn xml(name: &str, suites: &[Suite], now: Timestamp) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = Counts::of(suites.iter().flat_map(|suite| &suite.cases)).text();
    let took = |suite: &Suite| suite.cases.iter().map(|case| case.took_s).sum::<i64>();
    let all: i64 = suites.iter().map(took).sum();
    let _ = writeln!(xml, "<testsuites name=\"{}\" {counts} time=\"{all}\">", text(name));
    for suite in suites {
        let counts = Counts::of(suite.cases.iter()).text();
        let (name, time) = (text(&suite.name), took(suite));
        let head = format!("name=\"{name}\" {counts} time=\"{time}\" timestamp=\"{now:.0}\"");
        let _ = writeln!(xml, "  <testsuite {head}>");
        suite.cases.iter().for_each(|case| one(case, &mut xml));
        xml += "  </testsuite>\n";
    }
    xml + "</testsuites>\n"
}

fn one(case: &Case, xml: &mut String) {
    let (of, name, time) = (text(&case.of), text(&case.name), case.took_s);
    let head = format!("classname=\"{of}\" name=\"{name}\" time=\"{time}\"");
    let mut inner = String::new();
    if !case.properties.is_empty() {
        inner += "      <properties>\n";
        for (name, value) in &case.properties {
            let _ = writeln!(inner, "        <property name=\"{name}\" value=\"{}\"/>", text(value));
        }
        inner += "      </properties>\n";
    }
    let _ = match &case.outcome {
        Outcome::Passed(None) => Ok(()),
        Outcome::Passed(Some(note)) => writeln!(inner, "      <system-out>{}</system-out>", text(note)),
        Outcome::Failed(kind, why) => {
            writeln!(inner, "      <failure type=\"{kind}\" message=\"{}\"/>", text(why))
        }
        Outcome::Unknown(kind, why) => {
            writeln!(inner, "      <error type=\"{kind}\" message=\"{}\"/>", text(why))
        }
        Outcome::Skipped(why) => writeln!(inner, "      <skipped message=\"{}\"/>", text(why)),
    };
    let _ = match inner.is_empty() {
        true => writeln!(xml, "    <testcase {head}/>"),
        false => writeln!(xml, "    <testcase {head}>\n{inner}    </testcase>"),
    };
}

/// Text as XML holds it. What XML forbids is written out, as everywhere.
fn text(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for c in cut(&safe(text)).chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            c => xml.push(c),
        }
    }
    xml
}

/// A suite for each scenario: every promise, and whether it is kept.
pub(crate) fn objectives(judged: &[Judgement]) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    for one in judged {
        let name = format!("scenario.{}", one.scenario);
        let case = objective(one);
        match suites.iter_mut().find(|suite| suite.name == name) {
            Some(suite) => suite.cases.push(case),
            None => suites.push(Suite { name, cases: vec![case] }),
        }
    }
    suites
}

fn objective(one: &Judgement) -> Case {
    let (name, property) = match one.metric {
        Metric::Rpo => ("rpo", "rpo_s"),
        Metric::Rto => ("rto", "rto_s"),
    };
    let worst = super::objectives::worst(one.after);
    let promised = one.objective.as_ref().map_or_else(String::new, |p| readable(p.most_s));
    let why = match one.after.possible {
        true => format!("{} is {worst}, objective {promised}", name.to_uppercase()),
        false => format!("there is no way back, objective {promised}"),
    };
    let outcome = match one.status {
        Status::Met => Outcome::Passed(None),
        Status::NoObjective => {
            Outcome::Passed(Some(format!("{} is {worst}, nothing promised", name.to_uppercase())))
        }
        Status::Missed => Outcome::Failed("missed", why),
        Status::Unbounded => Outcome::Failed("unbounded", why),
        Status::NoPlan => Outcome::Failed("no_plan", why),
        Status::Unknown => Outcome::Unknown("unknown", why),
    };
    let mut properties = Vec::new();
    properties.extend(one.after.high_s.map(|s| (property, s.to_string())));
    properties.extend(one.objective.as_ref().map(|p| ("objective_s", p.most_s.to_string())));
    Case { of: one.subject.clone(), name: name.to_owned(), outcome, took_s: 0, properties }
}

/// A suite for each file with what was found in it, and one of the rules that have found nothing. `fails`
/// says of what a build is to fail.
pub(crate) fn findings(found: &[Placed], checks: &[Checked], fails: impl Fn(&Placed) -> bool) -> Vec<Suite> {
    let mut files: Vec<Suite> = Vec::new();
    for finding in found {
        let name = finding.span.as_ref().map_or("configuration", |at| &at.file);
        let case = finding_case(finding, fails(finding));
        match files.iter_mut().find(|suite| suite.name == name) {
            Some(suite) => suite.cases.push(case),
            None => files.push(Suite { name: name.to_owned(), cases: vec![case] }),
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let hold = checks.iter().filter(|check| check.holds).map(|check| Case {
        of: format!("check.{}", check.name),
        name: check.message.clone(),
        outcome: Outcome::Passed(None),
        took_s: 0,
        properties: Vec::new(),
    });
    files.push(Suite { name: "checks that hold".to_owned(), cases: hold.collect() });
    let silent = RuleId::ALL.iter().filter(|rule| found.iter().all(|f| f.rule != **rule));
    let passed = |rule: &RuleId| Case {
        of: rule.id().to_owned(),
        name: rule.name().to_owned(),
        outcome: Outcome::Passed(None),
        took_s: 0,
        properties: Vec::new(),
    };
    files.push(Suite { name: "rules that find nothing".to_owned(), cases: silent.map(passed).collect() });
    files.retain(|suite| !suite.cases.is_empty());
    files
}

fn finding_case(finding: &Placed, fails: bool) -> Case {
    let line =
        finding.span.as_ref().map_or_else(String::new, |at| format!("{}:{}: ", at.file, at.start.line));
    let why = format!("{line}{}. {}", finding.summary, finding.fix);
    let outcome = match &finding.waived {
        Some(waived) => Outcome::Skipped(format!("waived until {}: {}", waived.until, waived.reason)),
        None if fails => Outcome::Failed(finding.rule.id(), why),
        None => Outcome::Passed(Some(why)),
    };
    let name = format!("{} {}", finding.rule.id(), finding.rule.name());
    Case { of: finding.address.clone(), name, outcome, took_s: 0, properties: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn counts_agree_with_what_is_listed_and_texts_stay_texts() {
        let hostile = Placed { summary: "</testcase>\u{1b}\u{fffe} \"&'".to_owned(), ..sample::finding() };
        let suites = findings(&[hostile, sample::waived()], &[], |f| f.waived.is_none());
        let xml = xml("findings", &suites, Timestamp::UNIX_EPOCH);
        let counted = |name: &str| {
            let key = format!("{name}=\"");
            let all = xml.split(&key).skip(1);
            let numbers: Vec<usize> = all.map(|t| t.split('"').next().unwrap().parse().unwrap()).collect();
            assert_eq!(numbers[0], numbers[1..].iter().sum::<usize>(), "{xml}");
            numbers[0]
        };
        assert_eq!((counted("tests"), counted("failures")), (RuleId::ALL.len() + 1, 1));
        assert_eq!((counted("errors"), counted("skipped")), (0, 1));
        assert_eq!(xml.matches("<testcase ").count(), RuleId::ALL.len() + 1);
        assert!(xml.contains("&lt;/testcase&gt;\\u{1b}\u{fffd} &quot;&amp;&apos;"), "{xml}");
    }

    #[test]
    fn what_is_not_known_is_an_error_and_what_is_missed_a_failure() {
        let judged = |status| Judgement { status, ..sample::judgement() };
        let outcome = |status| objective(&judged(status)).outcome;
        assert!(matches!(outcome(Status::Missed), Outcome::Failed("missed", _)));
        assert!(matches!(outcome(Status::NoPlan), Outcome::Failed("no_plan", _)));
        assert!(matches!(outcome(Status::Unknown), Outcome::Unknown("unknown", _)));
        assert_eq!(outcome(Status::Met), Outcome::Passed(None));
    }
}
