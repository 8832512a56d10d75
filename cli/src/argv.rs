//! What stands between the shell and clap: `-flag` becomes `--flag`, and arguments from the
//! environment are put in. People bring one dash along from Terraform; both spellings work.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// The arguments as clap wants them, or what is wrong with those from the environment.
///
/// `DRCTL_CLI_ARGS` and `DRCTL_CLI_ARGS_<command>` go right behind the command's name, so that what
/// was typed comes later and wins.
pub(crate) fn normalise(
    args: Vec<OsString>,
    env: &BTreeMap<String, String>,
    command: &clap::Command,
) -> Result<Vec<OsString>, String> {
    let mut args: Vec<OsString> = args;
    let path = command_path(&args, command);
    if let Some((at, names)) = path {
        let mut extra = Vec::new();
        for variable in ["DRCTL_CLI_ARGS".to_owned(), format!("DRCTL_CLI_ARGS_{}", names.join("_"))] {
            let Some(text) = env.get(&variable) else { continue };
            extra.extend(split(text).map_err(|why| format!("{variable}: {why}"))?);
        }
        args.splice(at..at, extra.into_iter().map(OsString::from));
    }
    let mut literal = false;
    let args = args.into_iter().enumerate().map(|(i, arg)| {
        literal |= arg == "--";
        if i == 0 || literal { arg } else { two_dashes(arg) }
    });
    Ok(args.collect())
}

/// `-out=x` as `--out=x`; short options, numbers and everything else as they are.
fn two_dashes(arg: OsString) -> OsString {
    let Some(text) = arg.to_str() else { return arg };
    let Some(name) = text.strip_prefix('-') else { return arg };
    let long = name.len() > 1 && name.starts_with(|c: char| c.is_ascii_lowercase());
    if long { OsString::from(format!("--{name}")) } else { arg }
}

/// Where arguments of the command may be put in, and the command's name: `["state", "list"]`.
fn command_path(args: &[OsString], command: &clap::Command) -> Option<(usize, Vec<String>)> {
    let with_value: BTreeSet<&str> = ["-C", "-chdir", "--chdir"].into();
    let (mut command, mut names, mut at) = (command, Vec::new(), None);
    let mut i = 1;
    while let Some(arg) = args.get(i).and_then(|a| a.to_str()) {
        if with_value.contains(arg) {
            i += 2;
            continue;
        }
        i += 1;
        if arg.starts_with('-') {
            continue;
        }
        let Some(found) = command.find_subcommand(arg) else { break };
        names.push(found.get_name().to_owned());
        (command, at) = (found, Some(i));
    }
    at.map(|at| (at, names))
}

/// Splits as a shell would: blanks separate, quotes and backslashes hold together.
fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                word.get_or_insert_default().push(chars.next().ok_or("it ends with a backslash")?);
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed");
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn run(args: &[&str], env: &[(&str, &str)]) -> String {
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let args = std::iter::once("drctl").chain(args.iter().copied()).map(OsString::from).collect();
        match normalise(args, &env, &crate::args::Cli::command()) {
            Ok(args) => args[1..].iter().map(|a| a.to_string_lossy()).collect::<Vec<_>>().join(" "),
            Err(why) => format!("error: {why}"),
        }
    }

    #[test]
    fn one_dash_and_two_dashes_are_the_same() {
        for (typed, given) in [
            ("plan -out=FILE", "plan --out=FILE"),
            ("plan -json -detailed-exitcode", "plan --json --detailed-exitcode"),
            ("-chdir=DIR plan", "--chdir=DIR plan"),
            ("-C DIR plan", "-C DIR plan"),
            ("-Cdir plan", "-Cdir plan"),
            ("plan --var a=-b", "plan --var a=-b"),
            ("plan -- -out", "plan -- -out"),
            ("plan -5", "plan -5"),
            ("plan -h", "plan -h"),
            ("plan -", "plan -"),
        ] {
            let typed: Vec<&str> = typed.split(' ').collect();
            assert_eq!(run(&typed, &[]), given);
        }
    }

    #[test]
    fn arguments_of_the_environment_stand_before_those_typed() {
        let env = [
            ("DRCTL_CLI_ARGS", "-no-color"),
            ("DRCTL_CLI_ARGS_state_list", "--json"),
            ("DRCTL_CLI_ARGS_version", "-parallelism=4 -var 'a=b c'"),
        ];
        assert_eq!(
            run(&["-C", "version", "version", "-out=x"], &env),
            "-C version version --no-color --parallelism=4 --var a=b c --out=x"
        );
        assert_eq!(run(&["state", "list"], &env), "state list --no-color --json");
        assert_eq!(run(&["--help"], &env), "--help");
        assert_eq!(
            run(&["version"], &[("DRCTL_CLI_ARGS_version", "'x")]),
            "error: DRCTL_CLI_ARGS_version: a quote is not closed"
        );
    }
}
