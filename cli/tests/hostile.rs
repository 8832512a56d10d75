//! The binary against whoever wishes it ill: input that is too much or no input at all, texts that
//! draw on terminals, secrets that want out, disks that are full, files that were tampered with.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with a configuration for the simulation.
struct Case {
    dir: tempfile::TempDir,
}

const PROVIDER: &str = "provider \"aws\" {\n  region   = \"eu-west-1\"\n  endpoint = \"sim\"\n}\n";
const BUCKETS: &str = r#"
resource "aws_s3_bucket" "invoices" {
  bucket     = "invoices"
  versioning = "Enabled"
}
resource "aws_s3_bucket" "logs" {
  bucket = "logs"
}
"#;

impl Case {
    fn new(hcl: &str) -> Case {
        let case = Case { dir: tempfile::tempdir().unwrap() };
        case.put("main.dr.hcl", format!("{PROVIDER}{hcl}"));
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
        command.args(args).current_dir(self.dir.path()).stdin(Stdio::null()).env_clear();
        command.env("HOME", self.dir.path()).env("DRCTL_NOW", "2026-03-02T12:00:00Z");
        command
    }

    /// Runs; the exit code and all that was printed.
    fn run(&self, args: &[&str]) -> (i32, String) {
        ended(&self.command(args).output().unwrap())
    }

    /// Runs what has to end like this.
    fn ends(&self, args: &[&str], code: i32) -> String {
        let (found, text) = self.run(args);
        assert_eq!(found, code, "{args:?} printed\n{text}");
        text
    }

    /// All files below the folder.
    fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.dir.path().to_owned()];
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { open.push(path) } else { found.push(path) }
            }
        }
        found
    }
}

fn ended(output: &Output) -> (i32, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8(text).expect("what is printed is UTF-8");
    assert!(!text.contains("panicked"), "{text}");
    (output.status.code().expect("no signal ended it"), text)
}

#[test]
fn too_much_and_nonsense_is_a_diagnostic_and_soon() {
    let many = |text: &str| text.repeat(100_000);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("brackets", format!("locals {{\n  a = {}\n}}\n", many("[")).into()),
        ("blocks", many("a {\n").into()),
        ("signs", format!("locals {{\n  a = {}1\n}}\n", many("-")).into()),
        ("sums", format!("locals {{\n  a = {}1\n}}\n", many("1 + ")).into()),
        ("questions", format!("locals {{\n  a = {}1\n}}\n", many("true ? 1 : ")).into()),
        ("templates", format!("locals {{\n  a = {}\n}}\n", many("\"${")).into()),
        ("loops", format!("locals {{\n  a = {}1\n}}\n", many("[for x in ")).into()),
        ("steps", format!("locals {{\n  a = local{}\n}}\n", many(".a")).into()),
        ("labels", format!("resource {}{{\n}}\n", many("\"a\" ")).into()),
        ("a long line", format!("locals {{\n  a = \"{}\n}}\n", "x".repeat(10 << 20)).into()),
        ("a long name", format!("{} {{\n}}\n", "x".repeat(10 << 20)).into()),
        ("a megabyte of errors", "resorce \"a\" \"b\" {\n}\n".repeat(20_000).into()),
        ("digits", format!("locals {{\n  a = {}\n}}\n", many("9")).into()),
        ("a division", b"locals {\n  b = 1 / 0\n}\noutput \"a\" {\n  value = local.b\n}\n".to_vec()),
        ("no text", vec![0xff; 1000]),
        ("zeros", vec![0; 1000]),
        ("a heredoc", b"locals {\n  a = <<EOT\n".to_vec()),
        ("a comment", b"/* ".to_vec()),
        ("half a template", b"locals {\n  a = \"%{ if\n".to_vec()),
        ("an unknown kind", b"resource \"x\" \"y\" {\n}\n".to_vec()),
        ("a circle", b"locals {\n  a = local.b\n  b = local.a\n}\n".to_vec()),
        ("a circle of itself", b"locals {\n  a = [for x in [1] : local.a]\n}\n".to_vec()),
        ("memory", br#"output "a" {
  value = join("", [for a in range(1000) : join("", [for b in range(1000) : join("", [for c in range(1000) : "0123456789"])])])
}
"#.to_vec()),
        ("names", "resource \"aws_s3_bucket\" \"\u{202e}x\" {\n  bucket = \"a\u{1b}[31m\"\n}\n".into()),
    ];
    for (name, text) in cases {
        let case = Case::new("");
        case.put("bad.dr.hcl", text);
        let begun = std::time::Instant::now();
        for command in [&["validate"][..], &["validate", "--json"], &["plan"]] {
            let (code, text) = case.run(command);
            let front: String = text.chars().take(2000).collect();
            let evaluated = command[0] == "validate" && ["a division", "memory"].contains(&name);
            assert_eq!(code, i32::from(!evaluated), "{name}, {command:?}: {front}");
            assert!(evaluated || text.contains("DR"), "{name}, {command:?}: {front}");
            assert!(text.len() < 1 << 20, "{name}, {command:?}: {} bytes are printed", text.len());
        }
        assert!(begun.elapsed().as_secs() < 60, "{name} took {:?}", begun.elapsed());
    }
}

/// Nothing in it may move a cursor, change a colour or the order of what is read.
fn is_harmless(text: &str) -> bool {
    !text.chars().any(|c| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
            || matches!(c, '\u{61c}' | '\u{ad}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    })
}

const NASTY: &str = "\u{1b}[2J\u{202e}\u{9b}31m\u{61c}\r\n\t| `x` @team #1 <script>alert(1)</script> [a](javascript:b) \u{e0041}";

#[test]
fn what_providers_return_draws_on_no_terminal_and_in_no_review() {
    let case = Case::new(
        r#"
resource "aws_s3_bucket" "invoices" {
  bucket = "invoices"
  tags   = { a = "b" }
  policy = jsonencode({ Statement = [] })
}
resource "aws_db_instance" "main" {
  db_instance_identifier  = "main"
  preferred_backup_window = "02:00-02:30"
  tags                    = {}
}
output "tags" {
  value = aws_db_instance.main.engine
}
"#,
    );
    let seed = serde_json::json!({
        "now": "2026-03-02T12:00:00Z",
        "caller": format!("arn:aws:iam::000000000000:user/{NASTY}"),
        "regions": { "eu-west-1": {
            "buckets": { "invoices": {
                "tags": { (NASTY): NASTY },
                "policy": { "Statement": [{ "Sid": NASTY }] },
                "objects": [NASTY],
            } },
            "db_instances": { "main": {
                "engine": NASTY, "engine_version": NASTY, "class": NASTY, "status": NASTY,
                "tags": { (NASTY): NASTY },
            } },
        } },
    });
    case.put("sim.json", seed.to_string());
    for args in [
        &["plan"][..],
        &["plan", "--json"],
        &["plan", "--format", "markdown"],
        &["plan", "--refresh-only"],
        &["recover", "--lose", "region=eu-west-1"],
        &["recover", "--lose", "region=eu-west-1", "--json"],
        &["apply", "--auto-approve", "--accept", "weakens:aws_s3_bucket.invoices"],
        &["plan", "--json"],
        &["state", "show", "aws_db_instance.main"],
        &["state", "list", "--json"],
        &["sim", "show"],
        &["sim", "show", "--json"],
        &["sim", "log"],
        &["sim", "log", "--json"],
    ] {
        let (_, text) = case.run(args);
        let shown = text.replace('\t', " ");
        assert!(is_harmless(&shown), "{args:?} prints {:?}", text.lines().find(|l| !is_harmless(l)));
        if args.contains(&"markdown") {
            let outside = outside_of_code(&text);
            for word in ["<script", "@team", "](javascript", "#1"] {
                assert!(!outside.contains(word), "{word} in {outside}");
            }
        }
    }
}

/// A Markdown text without its code blocks and code spans.
fn outside_of_code(text: &str) -> String {
    let mut outside = String::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let mut rest = line;
            while let Some(at) = rest.find(['`', '\\']) {
                outside += &rest[..at];
                rest = &rest[at..];
                let run = rest.len() - rest.trim_start_matches('`').len();
                // A backslash takes the meaning from what follows; a run of ticks ends at one as long.
                let taken = match run {
                    0 => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                    run => rest[run..].find(&rest[..run]).map_or(run, |end| end + 2 * run),
                };
                rest = &rest[taken..];
            }
            outside += rest;
            outside.push('\n');
        }
    }
    outside
}

#[test]
fn nasty_names_and_values_of_the_configuration_are_written_out() {
    let file = "\u{1b}[31m\u{202e}.dr.hcl";
    let case = Case::new(BUCKETS);
    case.put(file, format!("locals {{\n  a = nothing.{}\n  b = \"{}\"\n}}\n", "here", "\u{202e}\u{9b}"));
    for args in [&["validate"][..], &["validate", "--json"], &["plan"], &["plan", "--json"]] {
        let text = case.ends(args, 1);
        assert!(is_harmless(&text), "{args:?} prints {text:?}");
    }
    fs::remove_file(case.path(file)).unwrap();
    let args = ["plan", "--target", "\u{1b}[31mx", "--var", "\u{1b}[32m\u{202e}=1"];
    for more in [&args[..], &args[..3], &["recover", "--scenario", "\u{1b}[1m"], &["show", "\u{1b}[1m"]] {
        let text = case.ends(more, 1);
        assert!(is_harmless(&text), "{more:?} prints {text:?}");
    }
}

const SECRETS: [&str; 3] = ["hunter2hunter2", "HUNTER2HUNTER2", "aHVudGVyMmh1bnRlcj"];

fn told(text: &str) -> Option<&'static str> {
    SECRETS.into_iter().find(|s| text.contains(s))
}

const VARIABLES: &str = r#"
variable "pw" {
  sensitive = true
}
variable "list" {
  type      = list(string)
  sensitive = true
  default   = []
  validation {
    condition     = length(var.list) < 2
    error_message = "Only one of ${jsonencode(var.list)}."
  }
}
locals {
  dsn = "postgres://${var.pw}@db"
}
"#;

#[test]
fn secrets_are_in_nothing_that_drctl_writes() {
    let case = Case::new(&format!(
        "{VARIABLES}{}",
        r#"
resource "aws_s3_bucket" "a" {
  bucket = "bucket-a"
  tags   = { dsn = local.dsn, encoded = base64encode(var.pw), upper = upper(var.pw) }
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = var.pw, Effect = "Deny", Principal = "*", Action = "s3:*", Resource = "*" }]
  })
}
output "dsn" {
  value     = local.dsn
  sensitive = true
}
"#
    ));
    let given = ["--var", "pw=hunter2hunter2"];
    let with = |args: &[&'static str]| [args, &given].concat();
    case.put("file.hcl", "pw   = \"hunter2hunter2\"\nlist = [\"hunter2hunter2\"]\n");
    let mut printed = String::new();
    for args in [
        with(&["plan"]),
        vec!["plan", "--var-file", "file.hcl", "--json"],
        with(&["plan", "--format", "markdown"]),
        with(&["plan", "--out", "p"]),
        vec!["show", "p", "--json"],
        with(&["apply", "p"]),
        vec!["state", "show", "aws_s3_bucket.a", "--json"],
        with(&["plan", "--json"]),
        with(&["recover", "--lose", "region=eu-west-1", "--json"]),
        vec!["sim", "log", "--json"],
    ] {
        printed += &case.ends(&args, 0);
    }
    let changed = fs::read_to_string(case.path("main.dr.hcl")).unwrap().replace("upper(", "lower(");
    case.put("main.dr.hcl", changed);
    printed += &case.ends(&with(&["plan", "--json"]), 0);
    printed += &case.ends(&with(&["apply", "--auto-approve", "--json"]), 0);
    printed += &case.ends(&["plan", "--var", "pw=other", "--var", "list=[\"hunter2hunter2\", 1]"], 1);
    assert_eq!(told(&printed), None, "{printed}");
    for path in case.files() {
        // The configuration and the simulated provider know it: from there it comes, there it goes.
        let known = ["file.hcl", "cloud.json"].iter().any(|n| path.ends_with(n));
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        assert!(known || told(&text).is_none(), "{} holds a secret", path.display());
        assert!(known || path.ends_with("main.dr.hcl") || private(&path), "{} is for all", path.display());
    }
}

/// Whether only the owner may read it.
fn private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o077 == 0
}

/// Bodies of a bucket that a secret does not fit into.
const BODIES: &[&str] = &[
    "bucket = var.pw",
    "bucket = \"bucket-a\"\n  versioning = var.pw",
    "bucket = \"bucket-a\"\n  policy = var.pw",
    "bucket = \"bucket-a\"\n  policy = jsonencode({ a = var.pw })",
    "bucket = \"bucket-a\"\n  object_lock {\n    mode = var.pw\n    days = 1\n  }",
    "bucket = \"bucket-a\"\n  object_lock {\n    mode = \"GOVERNANCE\"\n    days = var.pw\n  }",
    "bucket = \"b-${each.key}\"\n  for_each = toset(var.list)",
    "bucket = \"b-${each.key}\"\n  for_each = { (var.pw) = 1 }",
    "bucket = \"b-${count.index}\"\n  count = var.pw",
    "bucket = \"bucket-a\"\n  tags = { (var.pw) = 1 }",
    "bucket = \"bucket-a\"\n  tags = { \"aws:x\" = var.pw }",
    "bucket = \"bucket-a\"\n  tags = { x = \"${var.pw}${join(\"\", [for i in range(300) : \"x\"])}\" }",
    "bucket = \"bucket-a\"\n  versioning = \"Enabled\"\n  lifecycle {\n    rule \"x\" {\n      prefix = var.pw\n      expiration_days = 3\n    }\n  }",
    "bucket = \"bucket-a\"\n  versioning = \"Enabled\"\n  replication {\n    role = var.pw\n    rule \"x\" {\n      destination = var.pw\n      delete_marker_replication = \"Disabled\"\n    }\n  }",
];

/// Expressions that refuse a secret.
const VALUES: &[&str] = &[
    "tonumber(var.pw)",
    "tobool(var.pw)",
    "jsondecode(var.pw)",
    "base64decode(var.pw)",
    "regex(var.pw, \"x\")",
    "regex(\"(${var.pw}\", \"x\")",
    "format(var.pw)",
    "format(\"%d\", var.pw)",
    "format(\"%z${var.pw}\", 1)",
    "file(var.pw)",
    "{ a = 1 }[var.pw]",
    "[1][var.pw]",
    "lookup({ a = 1 }, var.pw)",
    "{ for k in [var.pw, var.pw] : k => 1 }",
    "var.pw + 1",
    "var.pw ? 1 : 2",
    "var.pw.foo",
    "-var.pw",
    "element(var.list, \"z\")",
    "timeadd(var.pw, \"1h\")",
    "parseint(var.pw, 10)",
    "templatefile(var.pw, {})",
    "merge({}, var.pw)",
    "one(concat(var.list, [\"a\"]))",
    "zipmap(var.list, [\"a\", \"b\"])",
    "sha256(var.pw)",
    "split(var.pw, 1)",
    "substr(var.pw, 99, var.pw)",
    "local.dsn",
    "[local.dsn][1]",
    "range(var.pw)",
    "[for x in var.pw : x]",
    "var.pw[*].x",
    "\"${var.list}\"",
    "tonumber(\"${var.pw}x\")",
    "1 / (var.pw == 1 ? 0 : 0)",
];

/// Blocks that a secret does not fit into.
const BLOCKS: &[&str] = &[
    "import {\n  to = aws_s3_bucket.a\n  id = var.pw\n}\nresource \"aws_s3_bucket\" \"a\" {\n  bucket = \"a-bucket\"\n}\n",
    "provider \"aws\" {\n  alias = \"dr\"\n  region = var.pw\n}\n",
    "provider \"aws\" {\n  alias = \"dr\"\n  region = \"eu-west-2\"\n  endpoint = var.pw\n}\n",
    "provider \"aws\" {\n  alias = \"dr\"\n  endpoint = \"sim\"\n  region = \"eu-west-2\"\n  allowed_account_ids = [var.pw]\n}\n",
];

#[test]
fn no_error_tells_a_secret() {
    let resources = BODIES.iter().map(|b| format!("resource \"aws_s3_bucket\" \"a\" {{\n  {b}\n}}\n"));
    let outputs = VALUES.iter().map(|v| format!("output \"x\" {{\n  value = {v}\n}}\n"));
    for text in resources.chain(outputs).chain(BLOCKS.iter().map(|b| (*b).to_owned())) {
        let case = Case::new(&format!("{VARIABLES}{text}"));
        let given = ["--var", "list=[\"hunter2hunter2\"]"];
        for args in [&["plan"][..], &["plan", "--json"], &["apply", "--auto-approve"]] {
            let mut command = case.command(&[args, &given].concat());
            let (_, printed) = ended(&command.env("DRCTL_VAR_pw", "hunter2hunter2").output().unwrap());
            assert_eq!(told(&printed), None, "{text}{printed}");
        }
    }
}

#[test]
fn a_full_disk_and_a_reader_that_went_away() {
    let case = Case::new(BUCKETS);
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for args in [&["plan"][..], &["plan", "--json"], &["kinds"], &["version"], &["--help"], &["validate"]] {
        let output = case.command(args).stdout(full()).output().unwrap();
        assert_eq!(ended(&output).0, 1, "{args:?} to a full disk");
        let mut child = case.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let (code, text) = ended(&child.wait_with_output().unwrap());
        assert_eq!(code, 0, "{args:?} without a reader: {text}");
    }
    // What is no plain file is not replaced by one.
    case.ends(&["plan", "--out", "/dev/full"], 1);
    case.ends(&["plan", "--out", "."], 1);
    assert!(!fs::metadata("/dev/full").unwrap().is_file());
}

#[test]
fn each_exit_code_once() {
    let scenario = r#"
datastore "invoices" {
  resource = aws_s3_bucket.invoices
}
scenario "fire" {
  lose "region" {
    name = "eu-west-1"
  }
  objective {
    rto = "1h"
  }
}
"#;
    let case = Case::new(BUCKETS);
    case.put("scenario.dr.hcl", scenario);
    case.put("sim.json", r#"{ "regions": { "eu-west-1": { "buckets": { "logs": {} } } } }"#);
    case.ends(&["plan"], 0);
    case.ends(&["plan", "--nonsense"], 1);
    case.ends(&["plan", "--detailed-exitcode"], 2);
    case.ends(&["recover", "--scenario", "fire"], 3);
    case.ends(&["apply", "--auto-approve", "--expect-digest", "0"], 8);
    case.ends(&["apply", "--auto-approve"], 0);
    case.ends(&["plan", "--detailed-exitcode"], 0);
    let text = BUCKETS.replace("\"Enabled\"", "\"Suspended\"");
    case.put("main.dr.hcl", format!("{PROVIDER}{text}"));
    case.ends(&["plan"], 0);
    case.ends(&["plan", "--check-protection"], 4);
    case.ends(&["apply", "--auto-approve"], 4);
    case.ends(&["plan", "--fail-on", "warning"], 5);
    case.ends(&["plan", "--fail-on", "error"], 0);
    case.ends(&["sim", "deny", "GetBucketVersioning:logs"], 0);
    let text = case.ends(&["plan"], 0);
    assert!(text.contains("UNOBSERVED (1)"), "{text}");
    case.ends(&["plan", "--require-complete"], 6);
    case.ends(&["plan", "--ci"], 6);
    case.ends(&["apply", "--auto-approve"], 6);
}

#[test]
fn two_at_once_and_the_second_is_refused() {
    use drctl_engine::clock::SystemClock;
    use drctl_engine::lock::{Holder, Lock, lock_path};
    let case = Case::new(BUCKETS);
    case.ends(&["apply", "--auto-approve"], 0);
    let path = lock_path(&case.path(".drctl/state.json"));
    let holder = Holder::this_process("anna\u{1b}[31m", "apply", &SystemClock);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let held = Lock::acquire(&path, &holder, std::time::Duration::ZERO, &SystemClock);
    let held = runtime.block_on(held).unwrap();
    let text = case.ends(&["apply", "--auto-approve", "--lock-timeout", "0"], 7);
    assert!(text.contains("anna") && is_harmless(&text), "{text}");
    case.ends(&["plan"], 0);
    drop(held);
    case.ends(&["apply", "--auto-approve"], 0);
}

#[test]
fn a_state_or_journal_that_is_not_ours_is_refused_and_left_alone() {
    let case = Case::new(BUCKETS);
    case.ends(&["apply", "--auto-approve"], 0);
    let good = fs::read_to_string(case.path(".drctl/state.json")).unwrap();
    let mut bad: Vec<Vec<u8>> =
        (0..good.len()).step_by(good.len() / 20).map(|n| good.as_bytes()[..n].into()).collect();
    bad.push(
        good.replace("\"format_version\": \"1", "\"format_version\": \"2")
            .replace("\"format_version\":\"1", "\"format_version\":\"2")
            .into(),
    );
    bad.push(good.replace("aws_s3_bucket.logs", "aws_s3_bucket.lo gs\u{1b}").into());
    bad.push(vec![0xff; 100]);
    bad.push(b"[]".to_vec());
    bad.push("[".repeat(1_000_000).into());
    for text in bad {
        case.put(".drctl/state.json", &text);
        for args in [&["plan"][..], &["apply", "--auto-approve"], &["state", "list"]] {
            let told = case.ends(args, 1);
            assert!(told.contains("DR711") && is_harmless(&told), "{told}");
        }
        assert_eq!(fs::read(case.path(".drctl/state.json")).unwrap(), text);
    }
    case.put(".drctl/state.json", &good);
    for text in ["x\n{}\n", "{}\n{}\n", "\0\0\0\n\n", "{\"format_version\":\"9.0\"}\n{}\n"] {
        case.put(".drctl/journal.jsonl", text);
        let told = case.ends(&["apply", "--auto-approve"], 1);
        assert!(told.contains("DR522"), "{told}");
        assert_eq!(fs::read_to_string(case.path(".drctl/journal.jsonl")).unwrap(), text);
    }
}

#[test]
fn a_saved_plan_that_was_tampered_with_is_refused() {
    let case = Case::new(BUCKETS);
    case.ends(&["plan", "--out", "p"], 0);
    let good = fs::read(case.path("p")).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    let digest = case.ends(&["show", "p"], 0);
    let digest = digest.lines().find_map(|l| l.strip_prefix("Digest: ")).unwrap().to_owned();
    for n in (0..good.len() - 2).step_by(good.len() / 25) {
        case.put("q", &good[..n]);
        let told = case.ends(&["show", "q"], 1);
        assert!(told.contains("DR707"), "{told}");
        case.ends(&["apply", "q"], 1);
    }
    for (from, to) in [
        ("\"create\"", "\"keep\""),
        ("\"create\"", "\"delete\""),
        ("aws_s3_bucket.logs", "aws_s3_bucket.other"),
        ("aws_s3_bucket.logs", "aws_s3_table.logs"),
        ("aws_s3_bucket", "aws_s3_table"),
        ("\"format_version\":\"1", "\"format_version\":\"3"),
        ("000000000000", "999999999999"),
        ("eu-west-1", "eu-west-2"),
        ("\"config_sha256\":\"", "\"config_sha256\":\"0"),
        ("\"simulated\":true", "\"simulated\":false"),
    ] {
        let changed = text.replace(from, to);
        assert!(changed != text, "{from} is not in the plan: {text}");
        case.put("q", &changed);
        let (code, told) = case.run(&["apply", "q"]);
        assert!([1, 8].contains(&code), "{from} to {to} ends with {code}: {told}");
    }
    // Another plan in its place is caught by the digest of what was reviewed.
    case.ends(&["plan", "--out", "q", "--target", "aws_s3_bucket.logs"], 0);
    case.ends(&["apply", "q", "--expect-digest", &digest], 8);
    let told = case.ends(&["state", "list"], 0);
    assert!(!told.contains("aws_s3_bucket"), "{told}");
    case.ends(&["apply", "p", "--expect-digest", &digest], 0);
}

#[test]
fn the_simulation_never_stands_in_for_the_real_cloud() {
    for real in [
        "profile = \"production\"",
        "endpoint = \"https://localhost\"",
        "assume_role {\n    role_arn = \"arn:aws:iam::111111111111:role/x\"\n  }",
    ] {
        let case = Case::new("");
        let text = format!("provider \"aws\" {{\n  region = \"eu-west-1\"\n  {real}\n}}\n{BUCKETS}");
        case.put("main.dr.hcl", text);
        for args in [&["plan"][..], &["apply", "--auto-approve"], &["recover", "--lose", "region=eu-west-1"]]
        {
            let mut command = case.command(args);
            let (code, told) = ended(&command.env("DRCTL_SIM", case.path("sim")).output().unwrap());
            assert!(code == 1 && told.contains("DR705"), "{args:?} ends with {code}: {told}");
        }
    }
}
