//! `cargo run --release -p xtask -- bench-recovery`: how long `recover` and `matrix` take for 100, 1,000 and
//! 10,000 resources in 50 scenarios on the simulation, and for each example; and how that grows.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{Expected, Outcome, RUNS, best, build, measure};

const SCENARIOS: usize = 50;
/// The clock of all runs.
const NOW: &str = "2026-03-02T12:00:00Z";
/// The first five hold the data, the others its copies.
const REGIONS: [&str; 10] = [
    "eu-west-1",
    "us-east-1",
    "ap-southeast-2",
    "eu-north-1",
    "us-west-1",
    "eu-west-2",
    "us-east-2",
    "ca-central-1",
    "eu-west-3",
    "us-west-2",
];
/// A region with data, one with copies, a resource, wrong data and a service.
const LOST: [&str; 5] = ["x0", "x6", "x10", "x12", "x13"];

/// Prints the times.
pub(crate) fn bench() -> Outcome<()> {
    let drctl = build()?;
    println!("each time is the best of {RUNS}; growth is of the slowest, beside that of the resources");
    let mut last: Option<(usize, [f64; 2])> = None;
    for count in [100, 1_000, 10_000] {
        let dir = tempfile::tempdir()?;
        fs::write(dir.path().join("main.dr.hcl"), configuration(count))?;
        let (mut slowest, mut line) = (0.0_f64, format!("{count:>6} resources x {SCENARIOS}:"));
        for scenario in LOST {
            let took = run(&drctl, dir.path(), &["recover", "--scenario", scenario])?.as_secs_f64();
            slowest = slowest.max(took);
            let _ = write!(line, "  recover {scenario} {took:.3} s");
        }
        let matrix = run(&drctl, dir.path(), &["matrix"])?.as_secs_f64();
        println!("{line}  matrix {matrix:.3} s");
        if let Some((before, [recover_before, matrix_before])) = last {
            let grown = [slowest / recover_before, matrix / matrix_before];
            println!(
                "{:>6}x the resources: recover {:.1}x, matrix {:.1}x",
                count / before,
                grown[0],
                grown[1]
            );
        }
        last = Some((count, [slowest, matrix]));
    }
    for example in examples()? {
        let (mut slowest, mut of) = (Duration::ZERO, String::new());
        let copy = tempfile::tempdir()?;
        files(&example, copy.path())?;
        for scenario in scenarios(&drctl, copy.path())? {
            let took = run(&drctl, copy.path(), &["recover", "--scenario", &scenario])?;
            if took > slowest {
                (slowest, of) = (took, scenario);
            }
        }
        let matrix = run(&drctl, copy.path(), &["matrix"])?;
        let name = example.strip_prefix(root()).unwrap_or(&example).display();
        let ms = |took: Duration| took.as_secs_f64() * 1e3;
        println!("{name}: recover {of} {:.0} ms at most, matrix {:.0} ms", ms(slowest), ms(matrix));
    }
    Ok(())
}

/// The best time of a command in a directory, in an own simulated cloud.
fn run(drctl: &Path, dir: &Path, arguments: &[&str]) -> Outcome<Duration> {
    let measured = best(RUNS, || {
        let mut child = command(drctl, dir)?;
        // 3: an objective is missed, which is an answer as good as any.
        measure(child.1.args(arguments), Expected::AnyOf(&[0, 3]))
    })?;
    Ok(measured.wall)
}

/// The program in a directory, with a home of its own that lasts as long as the first part.
fn command(drctl: &Path, dir: &Path) -> Outcome<(tempfile::TempDir, Command)> {
    let home = tempfile::tempdir()?;
    let mut child = Command::new(drctl);
    child.arg("-C").arg(dir).env("DRCTL_NOW", NOW).env("HOME", home.path());
    Ok((home, child))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The examples that declare a scenario.
fn examples() -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![root().join("examples")];
    while let Some(dir) = open.pop() {
        let mut declares = false;
        for entry in fs::read_dir(&dir)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(".dr.hcl") {
                declares |= fs::read_to_string(&path)?.lines().any(|line| line.starts_with("scenario "));
            }
        }
        if declares {
            found.push(dir);
        }
    }
    found.sort();
    Ok(found)
}

/// Copies the files of a directory, those of its own directories left out: runs leave files behind.
fn files(from: &Path, to: &Path) -> Outcome<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// The names of the scenarios of an example, as they are declared.
fn scenarios(drctl: &Path, dir: &Path) -> Outcome<Vec<String>> {
    let (_home, mut child) = command(drctl, dir)?;
    let output = child.args(["scenarios", "--json"]).output()?;
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let all = listed["scenarios"].as_array().ok_or("`scenarios --json` lists none")?;
    Ok(all.iter().filter_map(|s| Some(s["name"].as_str()?.to_owned())).collect())
}

/// Half of the resources are copies of the other half in other regions; each of these holds a datastore, of
/// which every fifth has a backup; five datastores are behind a service, twenty services depend on each other
/// in a row, and every other one has a procedure.
fn configuration(count: usize) -> String {
    let half = count / 2;
    let services = half / 5;
    let mut text =
        String::from("variable \"role\" {\n  default = \"arn:aws:iam::000000000000:role/replication\"\n}\n");
    for (number, region) in REGIONS.iter().enumerate() {
        let alias = if number == 0 { String::new() } else { format!("  alias    = \"r{number}\"\n") };
        let _ =
            write!(text, "provider \"aws\" {{\n{alias}  region   = \"{region}\"\n  endpoint = \"sim\"\n}}\n");
    }
    for i in 0..half {
        data(&mut text, i);
    }
    for j in 0..services {
        service(&mut text, j);
    }
    for x in 0..SCENARIOS {
        let lost = lost(x, half, services);
        let _ = write!(text, "scenario \"x{x}\" {{\n{lost}  detection = \"5m\"\n}}\n");
    }
    text
}

fn data(text: &mut String, i: usize) {
    let provider = |k: usize| if k == 0 { String::new() } else { format!("  provider   = aws.r{k}\n") };
    let (here, there) = (provider(i % 5), provider(5 + i % 5));
    let _ = write!(
        text,
        "resource \"aws_s3_bucket\" \"copy{i}\" {{\n{there}  bucket     = \"bench-copy-{i:05}\"\n  versioning = \"Enabled\"\n}}\n\
         resource \"aws_s3_bucket\" \"b{i}\" {{\n{here}  bucket     = \"bench-{i:05}\"\n  versioning = \"Enabled\"\n  \
         replication {{\n    role = var.role\n    rule \"all\" {{\n      destination               = aws_s3_bucket.copy{i}.arn\n      \
         delete_marker_replication = \"Disabled\"\n    }}\n  }}\n}}\n\
         datastore \"d{i}\" {{\n  resource = aws_s3_bucket.b{i}\n}}\n"
    );
    if i.is_multiple_of(5) {
        let (minute, hour) = (i % 60, i % 24);
        let _ = write!(
            text,
            "backup \"k{i}\" {{\n  of = datastore.d{i}\n  external {{\n    schedule = cron(\"{minute} {hour} * * *\", \"Europe/Berlin\")\n    \
             takes    = \"10m\"\n    restore  = [\"restore\", \"d{i}\"]\n  }}\n  to \"r\" {{\n    region = \"us-west-2\"\n  }}\n}}\n"
        );
    }
}

fn service(text: &mut String, j: usize) {
    let data: Vec<String> = (5 * j..5 * j + 5).map(|i| format!("datastore.d{i}")).collect();
    let data = data.join(", ");
    let depends =
        if j.is_multiple_of(20) { String::new() } else { format!("  depends_on = [service.s{}]\n", j - 1) };
    let has_procedure = j % 2 == 1;
    let recover = if has_procedure { format!("  recover = procedure.p{j}\n") } else { String::new() };
    let _ = write!(
        text,
        "service \"s{j}\" {{\n  data = [{data}]\n{depends}{recover}  objective {{\n    rto = \"4h\"\n    rpo = \"1h\"\n  }}\n}}\n"
    );
    if has_procedure {
        let first = 5 * j;
        let _ = write!(
            text,
            "procedure \"p{j}\" {{\n  step \"stop\" {{\n    run      = [\"stop\", \"s{j}\"]\n    estimate = \"1m\"\n  }}\n  \
             step \"restore\" {{\n    restore  = datastore.d{first}\n    estimate = \"10m\"\n  }}\n  \
             step \"start\" {{\n    run      = [\"start\", \"s{j}\"]\n    estimate = \"1m\"\n  }}\n}}\n"
        );
    }
}

/// What a scenario loses: the first ten each a region, the others one thing.
fn lost(x: usize, half: usize, services: usize) -> String {
    let region = format!("  lose \"region\" {{\n    name = \"{}\"\n  }}\n", REGIONS[x % 10]);
    let service = format!("  lose \"service\" {{\n    service = service.s{}\n  }}\n", x * 3 % services);
    match (x, x % 5) {
        (0..10, _) => region,
        (_, 0) => format!("  lose \"resource\" {{\n    resource = aws_s3_bucket.b{}\n  }}\n", x * 7 % half),
        (_, 1) => format!("  lose \"datastore\" {{\n    datastore = datastore.d{}\n  }}\n", x * 11 % half),
        (_, 2) => format!(
            "  lose \"data\" {{\n    datastore      = datastore.d{}\n    noticed_within = \"2h\"\n  }}\n",
            x * 13 % half
        ),
        (_, 3) => service,
        (_, _) => region + &service,
    }
}
