//! Diagnostics for people (with the source around them) and for programs (JSON).

use std::fmt;

use drctl_core::diag::{Diagnostic, Diagnostics, Label, Severity};
use drctl_core::span::{SourceMap, Span};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use serde_json::{Value as Json, json};

use super::palette::{Charset, Colours, Look, Tone};
use super::source::{Shown, ShownFile};
use super::text::{count, cut, quoted, safe, safe_lines};

/// Diagnostics shown in full before the rest is only counted: after that nobody reads on.
const MOST_SHOWN: usize = 50;

/// Diagnostics listed for programs; the counts are of all.
const MOST_LISTED: usize = 500;

/// All diagnostics, sorted by place, and a line that counts them. Empty for none.
pub(crate) fn text(diagnostics: &Diagnostics, sources: &SourceMap, hidden: &[Span], look: Look) -> String {
    let sorted = diagnostics.clone().sorted();
    let mut shown = Shown::new(sources, hidden);
    let mut text = String::new();
    for diagnostic in sorted.iter().take(MOST_SHOWN) {
        text += &one(diagnostic, &mut shown, look);
        text.push('\n');
    }
    let of = |severity| sorted.iter().filter(|d| d.severity == severity).count();
    let (errors, warnings, all) = (of(Severity::Error), of(Severity::Warning), sorted.iter().count());
    if all > MOST_SHOWN {
        text += &format!("{} more not shown\n", all - MOST_SHOWN);
    }
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(look.paint(Tone::Bad, &count(errors, "error")));
    }
    if warnings > 0 {
        parts.push(look.paint(Tone::Caution, &count(warnings, "warning")));
    }
    if !parts.is_empty() {
        text += &format!("{}\n", parts.join(", "));
    }
    text
}

/// One diagnostic as miette wants it.
struct Shaped<'s> {
    severity: Severity,
    headline: String,
    help: Option<String>,
    source: Option<&'s ShownFile>,
    labels: Vec<LabeledSpan>,
}

impl fmt::Debug for Shaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline)
    }
}

impl fmt::Display for Shaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline)
    }
}

impl std::error::Error for Shaped<'_> {}

impl miette::Diagnostic for Shaped<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.map(|s| s as &dyn SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = _>>)
    }
}

fn one(diagnostic: &Diagnostic, shown: &mut Shown<'_>, look: Look) -> String {
    let file = diagnostic.labels.first().map(|l| l.span.file);
    let mut notes = Vec::new();
    if let Some(help) = &diagnostic.help {
        notes.push(cut(&safe_lines(help)));
    }
    // Labels in other files, and in lines too long to show, are told in words.
    for label in diagnostic.labels.iter().filter(|l| Some(l.span.file) != file) {
        if let Some(file) = shown.file(label.span.file) {
            let (start, _) = file.range(label.span);
            notes.push(format!("{}: {}", file.place(start), quoted(&label.text)));
        }
    }
    let source = file.and_then(|f| shown.file(f));
    let mut labels = Vec::new();
    if let Some(source) = source {
        for (i, label) in diagnostic.labels.iter().enumerate().filter(|(_, l)| Some(l.span.file) == file) {
            let range = source.range(label.span);
            if !source.is_readable(range) {
                notes.insert(0, format!("{}: {}", source.place(range.0), quoted(&label.text)));
                continue;
            }
            let (text, span) = (Some(quoted(&label.text)), (range.0, range.1 - range.0));
            labels.push(match i {
                0 => LabeledSpan::new_primary_with_span(text, span),
                _ => LabeledSpan::new_with_span(text, span),
            });
        }
    }
    let mut headline = format!("{}: {}", diagnostic.code, quoted(&diagnostic.headline));
    if let Some(address) = &diagnostic.address
        && !headline.contains(&address.to_string())
    {
        headline += &format!(" ({})", safe(&address.to_string()));
    }
    let shaped = Shaped {
        severity: diagnostic.severity,
        headline,
        help: (!notes.is_empty()).then(|| notes.join("\n")),
        source: source.filter(|_| !labels.is_empty()),
        labels,
    };
    let mut text = String::new();
    match handler(look).render_report(&mut text, &shaped) {
        Ok(()) => text,
        Err(fmt::Error) => format!("{}\n", shaped.headline),
    }
}

fn handler(look: Look) -> GraphicalReportHandler {
    let theme = match (look.charset, look.colours) {
        (Charset::Unicode, Colours::Ansi) => GraphicalTheme::unicode(),
        (Charset::Unicode, Colours::Plain) => GraphicalTheme::unicode_nocolor(),
        (Charset::Ascii, Colours::Ansi) => GraphicalTheme::ascii(),
        (Charset::Ascii, Colours::Plain) => GraphicalTheme::none(),
    };
    GraphicalReportHandler::new_themed(theme)
        .with_width(look.width)
        .with_links(false)
        .with_context_lines(1)
        .with_break_words(false)
        // Options, dates and addresses have hyphens and stay whole to be copied.
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation)
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .without_syntax_highlighting()
}

/// All diagnostics as JSON, in the shape of Terraform's `validate -json`.
pub(crate) fn json(diagnostics: &Diagnostics, sources: &SourceMap, hidden: &[Span]) -> Json {
    let sorted = diagnostics.clone().sorted();
    let of = |severity| sorted.iter().filter(|d| d.severity == severity).count();
    json!({
        "format_version": "1.0",
        "valid": !sorted.has_errors(),
        "error_count": of(Severity::Error),
        "warning_count": of(Severity::Warning),
        "diagnostics": list(&sorted, sources, hidden),
    })
}

/// The diagnostics alone, the first of them when there are very many.
pub(crate) fn list(diagnostics: &Diagnostics, sources: &SourceMap, hidden: &[Span]) -> Vec<Json> {
    let mut shown = Shown::new(sources, hidden);
    diagnostics.iter().take(MOST_LISTED).map(|d| object(d, sources, &mut shown)).collect()
}

fn object(diagnostic: &Diagnostic, sources: &SourceMap, shown: &mut Shown<'_>) -> Json {
    let mut object = json!({
        "severity": diagnostic.severity,
        "code": diagnostic.code.id(),
        "summary": cut(&diagnostic.headline),
        "detail": detail(diagnostic),
    });
    if let Some(help) = &diagnostic.help {
        object["help"] = json!(cut(help));
    }
    if let Some(address) = &diagnostic.address {
        object["address"] = json!(address);
    }
    if !diagnostic.facts.is_empty() {
        object["facts"] = json!(diagnostic.facts);
    }
    let Some(first) = diagnostic.labels.first() else { return object };
    object["range"] = range(first.span, sources);
    object["snippet"] = snippet(first.span, shown);
    let more: Vec<Json> = diagnostic.labels[1..].iter().map(|l| related(l, sources)).collect();
    if !more.is_empty() {
        object["related"] = json!(more);
    }
    object
}

fn detail(diagnostic: &Diagnostic) -> String {
    diagnostic.labels.first().map(|l| cut(&l.text)).unwrap_or_default()
}

fn related(label: &Label, sources: &SourceMap) -> Json {
    json!({ "message": cut(&label.text), "range": range(label.span, sources) })
}

/// Where a span is, for programs.
pub(crate) fn range(span: Span, sources: &SourceMap) -> Json {
    json!({
        "filename": sources.get(span.file).map(|f| f.name.as_str()),
        "start": sources.position(span.file, span.start),
        "end": sources.position(span.file, span.end),
    })
}

fn snippet(span: Span, shown: &mut Shown<'_>) -> Json {
    let Some(file) = shown.file(span.file) else { return Json::Null };
    let range = file.range(span);
    if !file.is_readable(range) {
        return Json::Null;
    }
    let (code, start_line, from) = file.lines(range);
    json!({
        "context": null,
        "code": code,
        "start_line": start_line,
        "highlight_start_offset": range.0 - from,
        "highlight_end_offset": range.1 - from,
        "values": [],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use drctl_core::codes::Code;

    fn case() -> (Diagnostics, SourceMap, Vec<Span>) {
        let mut sources = SourceMap::default();
        let main =
            sources.add("main.dr.hcl", "variable \"p\" {\n  default = \"hunter2\"\n  typ = \"x\"\n}\n");
        let other = sources.add("other.dr.hcl", "variable \"p\" {}\n");
        let text = sources.get(main).unwrap().text.clone();
        let at = |needle: &str| {
            let start = text.find(needle).unwrap();
            Span::new(main, start, start + needle.len())
        };
        let mut diagnostics = Diagnostics::default();
        diagnostics.push(
            Diagnostic::error(
                Code::UnknownName,
                "Unknown attribute",
                at("typ"),
                "no attribute \u{1b}[2J`typ` here",
            )
            .label(at("\"hunter2\""), "its neighbour")
            .label(Span::new(other, 0, 8), "first declared here")
            .help("Did you mean `type`?"),
        );
        diagnostics.push(Diagnostic::error_nowhere(Code::NoConfiguration, "Nothing there").warning());
        (diagnostics, sources, vec![at("\"hunter2\"")])
    }

    #[test]
    fn people_see_the_source_without_secrets_and_other_files_in_words() {
        let (diagnostics, sources, hidden) = case();
        insta::assert_snapshot!(text(&diagnostics, &sources, &hidden, Look::PLAIN), @r#"
          × DR050: Unknown attribute
           ╭─[main.dr.hcl:3:3]
         1 │ variable "p" {
         2 │   default = (sensitive)
           ·             ─────┬─────
           ·                  ╰── its neighbour
         3 │   typ = "x"
           ·   ─┬─
           ·    ╰── no attribute \u{1b}[2J`typ` here
         4 │ }
           ╰────
          help: Did you mean `type`?
                other.dr.hcl:1:1: first declared here

          ⚠ DR703: Nothing there

        1 error, 1 warning
        "#);
        let ascii = text(&diagnostics, &sources, &hidden, Look { charset: Charset::Ascii, ..Look::PLAIN });
        assert!(ascii.is_ascii(), "{ascii}");
    }

    #[test]
    fn lines_that_are_too_long_are_told_in_words() {
        let mut sources = SourceMap::default();
        let file = sources.add("x.dr.hcl", format!("a = {}\n", "[".repeat(100_000)));
        let mut diagnostics = Diagnostics::default();
        diagnostics.push(Diagnostic::error(
            Code::Syntax,
            "Nested too deeply",
            Span::new(file, 90_000, 90_001),
            "here",
        ));
        insta::assert_snapshot!(text(&diagnostics, &sources, &[], Look::PLAIN), @r"
          × DR001: Nested too deeply
          help: x.dr.hcl:1:90001: here

        1 error
        ");
    }

    #[test]
    fn programs_get_ranges_and_snippets() {
        let (diagnostics, sources, hidden) = case();
        let json = json(&diagnostics, &sources, &hidden);
        assert!(!json.to_string().contains("hunter2"));
        insta::assert_snapshot!(format!("{json:#}"), @r#"
        {
          "diagnostics": [
            {
              "code": "DR050",
              "detail": "no attribute \u001b[2J`typ` here",
              "help": "Did you mean `type`?",
              "range": {
                "end": {
                  "byte": 42,
                  "column": 6,
                  "line": 3
                },
                "filename": "main.dr.hcl",
                "start": {
                  "byte": 39,
                  "column": 3,
                  "line": 3
                }
              },
              "related": [
                {
                  "message": "its neighbour",
                  "range": {
                    "end": {
                      "byte": 36,
                      "column": 22,
                      "line": 2
                    },
                    "filename": "main.dr.hcl",
                    "start": {
                      "byte": 27,
                      "column": 13,
                      "line": 2
                    }
                  }
                },
                {
                  "message": "first declared here",
                  "range": {
                    "end": {
                      "byte": 8,
                      "column": 9,
                      "line": 1
                    },
                    "filename": "other.dr.hcl",
                    "start": {
                      "byte": 0,
                      "column": 1,
                      "line": 1
                    }
                  }
                }
              ],
              "severity": "error",
              "snippet": {
                "code": "  typ = \"x\"",
                "context": null,
                "highlight_end_offset": 5,
                "highlight_start_offset": 2,
                "start_line": 3,
                "values": []
              },
              "summary": "Unknown attribute"
            },
            {
              "code": "DR703",
              "detail": "",
              "severity": "warning",
              "summary": "Nothing there"
            }
          ],
          "error_count": 1,
          "format_version": "1.0",
          "valid": false,
          "warning_count": 1
        }
        "#);
    }
}
