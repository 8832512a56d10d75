//! Whatever the text, reading it ends without a panic, and the same text says the same twice.

#![allow(clippy::unwrap_used)]

use drctl_core::config;
use drctl_core::diag::Diagnostics;
use drctl_core::lang::{self, Nothing};
use drctl_core::provider::Registry;
use drctl_core::span::SourceMap;
use proptest::prelude::*;

static REGISTRY: Registry = Registry { providers: &[] };

fn load(text: &str) -> String {
    let mut sources = SourceMap::default();
    sources.add("main.dr.hcl", text);
    let (config, diags) = config::load(&sources, &REGISTRY);
    let mut more = Diagnostics::default();
    let reduced: Vec<String> =
        config.locals.values().map(|e| lang::render(&lang::reduce(e, &Nothing, &mut more))).collect();
    format!("{reduced:?} {diags:?} {more:?}")
}

fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "locals",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "\"",
        "=",
        " ",
        "\n",
        "a",
        "b",
        "1",
        "0",
        "-",
        "+",
        "/",
        "%",
        "?",
        ":",
        "&&",
        "==",
        "!",
        ".",
        "*",
        "...",
        "=>",
        "for x in",
        "if",
        "${",
        "%{",
        "~",
        "<<EOT\n",
        "<<-EOT\n",
        "EOT\n",
        "$${",
        "\\",
        "\\u00",
        "é",
        "\u{feff}",
        "\r\n",
        "#",
        "/*",
        "*/",
        "local.a",
        "null",
        "try(",
        "length(",
        "1e9",
        "resource \"x\" \"y\" {",
        "variable \"v\" {",
        "type",
        "'",
        ",",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn token_soup_never_panics_and_reads_the_same_twice(tokens in prop::collection::vec(token(), 0..60)) {
        let soup = tokens.concat();
        let text = format!("locals {{\n  a = {soup}\n}}\n{soup}");
        prop_assert_eq!(load(&text), load(&text));
    }
}

#[test]
fn ten_thousand_locals_and_hostile_sizes_are_read_in_linear_time() {
    let mut text = String::from("locals {\n");
    for i in 0..4000 {
        text.push_str(&format!("  l{i} = [local.l{}, \"x${{1 + {i}}}\"]\n", (i * 7) % 100));
    }
    text.push_str("}\n");
    assert!(!load(&text).is_empty());
    let keys: String = (0..5000).map(|i| format!("k{i} = 1\n")).collect();
    assert!(load(&format!("locals {{\n  a = {{\n{keys}}}\n}}\n")).contains("4096 keys"));
    let huge = "# x\n".repeat((lang::prescan::MAX_BYTES >> 2) + 1);
    assert!(load(&huge).contains("16 MiB"));
}
