//! The reference of all functions, generated from their table.

use crate::lang::functions::function::{Function, Param};
use crate::lang::functions::table::all;

/// All functions as a Markdown document.
pub fn reference() -> String {
    let mut out = String::from("# Functions\n\nGenerated from the table of functions; do not edit.\n");
    for function in all() {
        out.push_str(&format!(
            "\n## {}\n\n`{}`\n\n{}\n\n",
            function.name,
            signature(function),
            function.docs
        ));
        for param in function.params.iter().chain(&function.variadic) {
            out.push_str(&line(param, &function.variadic));
        }
    }
    out
}

fn signature(function: &Function) -> String {
    let mut params: Vec<String> = function
        .params
        .iter()
        .map(|p| if p.optional { format!("[{}]", p.name) } else { p.name.to_owned() })
        .collect();
    params.extend(function.variadic.map(|p| format!("{}...", p.name)));
    format!("{}({})", function.name, params.join(", "))
}

fn line(param: &Param, variadic: &Option<Param>) -> String {
    let many = if variadic.is_some_and(|v| v.name == param.name) { ", any number of them" } else { "" };
    let optional = if param.optional { ", may be left out" } else { "" };
    let null = if param.nullable { ", may be null" } else { "" };
    format!("- `{}`: {}{many}{optional}{null}\n", param.name, param.shape.name())
}
