//! `cargo run --release -p xtask -- bench`: time and memory of `validate` and `plan` for 100, 1,000
//! and 10,000 resources on the simulation, beside `terraform plan` of as many `terraform_data`
//! resources where a terraform binary is on PATH. Ratios within one run are what counts.
//! `-- bench-recovery` measures `recover` and `matrix`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool prints its result")]

mod recovery;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// How often the peak memory of a child is looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(5);
/// Each measurement is the best of this many runs; terraform runs once, it takes long.
const RUNS: usize = 3;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let task = std::env::args().nth(1);
    let result = match task.as_deref() {
        Some("bench") => bench(),
        Some("bench-recovery") => recovery::bench(),
        _ => Err("usage: cargo run --release -p xtask -- bench|bench-recovery".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How a command may end.
#[derive(Debug, Clone, Copy)]
enum Expected {
    Success,
    AnyOf(&'static [i32]),
}

impl Expected {
    fn holds(self, code: i32) -> bool {
        match self {
            Expected::Success => code == 0,
            Expected::AnyOf(codes) => codes.contains(&code),
        }
    }
}

/// Wall time and peak memory of one command.
struct Measured {
    wall: Duration,
    peak_kib: u64,
}

fn bench() -> Outcome<()> {
    let drctl = build()?;
    let start = best(RUNS, || measure(Command::new(&drctl).arg("version"), Expected::Success))?;
    println!("start-up (drctl version): {:.1} ms", start.wall.as_secs_f64() * 1e3);
    println!("{:>9}  {:>22}  {:>22}  {:>22}", "resources", "drctl validate", "drctl plan", "terraform plan");
    let mut last: Option<(usize, f64)> = None;
    for count in [100, 1_000, 10_000] {
        let dir = tempfile::tempdir()?;
        fs::write(dir.path().join("main.dr.hcl"), configuration(count))?;
        let run = |command: &str| {
            let mut child = Command::new(&drctl);
            child.arg("-C").arg(dir.path()).arg(command).env("DRCTL_NOW", "2026-11-21T03:00:00Z");
            measure(&mut child, Expected::Success)
        };
        let (validate, plan) = (best(RUNS, || run("validate"))?, best(RUNS, || run("plan"))?);
        let terraform = terraform(count)?;
        println!(
            "{count:>9}  {}  {}  {}",
            cell(&validate),
            cell(&plan),
            terraform.as_ref().map_or("-".into(), cell)
        );
        if let Some(terraform) = terraform {
            let faster = terraform.wall.as_secs_f64() / plan.wall.as_secs_f64();
            let smaller = terraform.peak_kib as f64 / plan.peak_kib.max(1) as f64;
            println!("{:>9}  drctl plan: {faster:.1}x faster, {smaller:.1}x less memory", "");
        }
        if let Some((before, time)) = last {
            let growth = plan.wall.as_secs_f64() / time;
            println!("{:>9}  {}x the resources take {growth:.1}x the time", "", count / before);
        }
        last = Some((count, plan.wall.as_secs_f64()));
    }
    Ok(())
}

fn cell(measured: &Measured) -> String {
    format!("{:>9.3} s {:>7.0} MiB", measured.wall.as_secs_f64(), measured.peak_kib as f64 / 1024.0)
}

/// Builds the release binary without the AWS SDK, which this benchmark does not touch.
fn build() -> Outcome<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--no-default-features", "-p", "drctl"])
        .current_dir(&root)
        .status()?;
    if !status.success() {
        return Err("the release build failed".into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/drctl"))
}

/// Half of the buckets are replicas of the other half, so that there is a graph to walk.
fn configuration(count: usize) -> String {
    let mut text = String::from("provider \"aws\" {\n  region   = \"eu-west-1\"\n  endpoint = \"sim\"\n}\n");
    text.push_str("variable \"role\" {\n  default = \"arn:aws:iam::000000000000:role/replication\"\n}\n");
    for i in 0..count {
        let _ = write!(
            text,
            "resource \"aws_s3_bucket\" \"b{i}\" {{\n  bucket     = \"bench-{i:05}\"\n  versioning = \"Enabled\"\n  \
             public_access_block {{\n    block_public_acls = true\n  }}\n  tags = {{\n    number = \"n-${{{i} + 1}}\"\n  }}\n"
        );
        if i >= count / 2 {
            let source = i - count / 2;
            let _ = write!(
                text,
                "  replication {{\n    role = var.role\n    rule \"all\" {{\n      destination = aws_s3_bucket.b{source}.arn\n      \
                 delete_marker_replication = \"Disabled\"\n    }}\n  }}\n"
            );
        }
        text.push_str("}\n");
    }
    text
}

/// `terraform plan` of as many resources in two layers; none when there is no terraform.
fn terraform(count: usize) -> Outcome<Option<Measured>> {
    let dir = tempfile::tempdir()?;
    let mut text = String::new();
    for i in 0..count {
        let input = if i >= count / 2 {
            format!("terraform_data.b{}.id", i - count / 2)
        } else {
            format!("\"bench-{i:05}\"")
        };
        let _ = write!(text, "resource \"terraform_data\" \"b{i}\" {{\n  input = {input}\n}}\n");
    }
    fs::write(dir.path().join("main.tf"), text)?;
    let run = |arguments: &[&str]| {
        let mut command = Command::new("terraform");
        command.args(arguments).current_dir(dir.path());
        command
    };
    if !run(&["init", "-input=false"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
    {
        return Ok(None);
    }
    measure(&mut run(&["plan", "-input=false", "-no-color"]), Expected::Success).map(Some)
}

fn best(runs: usize, mut one: impl FnMut() -> Outcome<Measured>) -> Outcome<Measured> {
    let mut best = one()?;
    for _ in 1..runs {
        let next = one()?;
        best = Measured { wall: best.wall.min(next.wall), peak_kib: best.peak_kib.max(next.peak_kib) };
    }
    Ok(best)
}

fn measure(command: &mut Command, expected: Expected) -> Outcome<Measured> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak_kib = 0;
    loop {
        peak_kib = peak(&status).unwrap_or(peak_kib).max(peak_kib);
        if let Some(exit) = child.try_wait()? {
            if !exit.code().is_some_and(|code| expected.holds(code)) {
                return Err(format!("{command:?} ended with {exit}").into());
            }
            return Ok(Measured { wall: started.elapsed(), peak_kib });
        }
        std::thread::sleep(SAMPLE_EVERY.min(started.elapsed() / 20 + Duration::from_micros(200)));
    }
}

/// Peak resident memory of a process in KiB, while it lives.
fn peak(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
