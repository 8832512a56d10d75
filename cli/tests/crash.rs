//! Killed at any point: the real binary applies the quickstart and gets SIGKILL after each line of
//! its journal and each call that changes something. Whatever was left behind, planning again works,
//! applying again succeeds, and the cloud is what an undisturbed run makes of it.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// One copy of the quickstart in a folder of its own.
struct Copy {
    dir: tempfile::TempDir,
}

/// The line after which the process is killed, counted from 1.
#[derive(Debug, Clone, Copy)]
enum Kill {
    /// Of the journal.
    Journal(usize),
    /// Of the calls that change something.
    Write(usize),
}

impl Copy {
    fn new() -> Copy {
        let dir = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart");
        for name in ["main.dr.hcl", "sim.json"] {
            std::fs::copy(from.join(name), dir.path().join(name)).unwrap();
        }
        Copy { dir }
    }

    fn data(&self, name: &str) -> PathBuf {
        self.dir.path().join(".drctl").join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
        command.arg("-C").arg(self.dir.path()).args(args).stdin(Stdio::null());
        for variable in ["DRCTL_SIM", "DRCTL_DATA_DIR", "DRCTL_NOW"] {
            command.env_remove(variable);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs what has to succeed.
    fn must(&self, args: &[&str], when: &str) -> String {
        let output = self.run(args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{when}: {args:?} ended with {}\n{}{}",
            output.status,
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// How many lines of the kind there are by now.
    fn lines(&self, kill: Kill) -> usize {
        let (path, is) = match kill {
            Kill::Journal(_) => (self.data("journal.jsonl"), ""),
            Kill::Write(_) => (self.data("sim/calls.log"), "\"nature\":\"write\""),
        };
        let text = std::fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&text)
            .split_inclusive('\n')
            .filter(|l| l.ends_with('\n') && l.contains(is))
            .count()
    }

    /// Applies and kills; whether it was killed before it had ended by itself.
    fn apply_until(&self, kill: Kill) -> bool {
        let (Kill::Journal(line) | Kill::Write(line)) = kill;
        let mut command = self.command(&APPLY);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            if self.lines(kill) >= line {
                child.kill().unwrap();
                break;
            }
            std::thread::yield_now();
        }
        child.wait().unwrap().code().is_none()
    }

    /// The cloud after all that is on its way has arrived, without what tells how often it was asked.
    fn cloud(&self) -> Value {
        self.must(&["sim", "advance", "8d"], "waiting");
        let text = std::fs::read_to_string(self.data("sim/cloud.json")).unwrap();
        let mut world: Value = serde_json::from_str(&text).unwrap();
        let world_of = world.as_object_mut().unwrap();
        world_of.remove("writes");
        world
    }
}

const APPLY: [&str; 2] = ["apply", "--auto-approve"];

/// Kills there, converges, and compares.
fn survives(kill: Kill, undisturbed: &Value) -> bool {
    let copy = Copy::new();
    let killed = copy.apply_until(kill);
    let when = format!("killed after {kill:?}");
    copy.must(&["plan"], &when);
    copy.must(&APPLY, &when);
    let plan = copy.must(&["plan", "--detailed-exitcode"], &when);
    assert!(plan.contains("No changes"), "{when}: {plan}");
    assert!(!copy.data("journal.jsonl").exists(), "{when}: the journal is still open");
    assert_eq!(copy.cloud(), *undisturbed, "{when}");
    killed
}

#[test]
fn killed_at_any_point_the_next_apply_converges() {
    let whole = Copy::new();
    let journal_lines = {
        whole.must(&APPLY, "undisturbed");
        let mut history = std::fs::read_dir(whole.data("journals")).unwrap();
        let journal = history.next().expect("the journal of the run is kept").unwrap().path();
        std::fs::read_to_string(journal).unwrap().lines().count()
    };
    let writes = whole.lines(Kill::Write(0));
    assert!(journal_lines > 10 && writes > 10, "{journal_lines} lines, {writes} writes");
    let undisturbed = whole.cloud();
    let kills: Vec<Kill> =
        (1..=journal_lines).map(Kill::Journal).chain((1..=writes).map(Kill::Write)).collect();
    let half = kills.len() / 2;
    let killed: usize = std::thread::scope(|scope| {
        let undisturbed = &undisturbed;
        let all = |kills: Vec<Kill>| kills.into_iter().filter(|k| survives(*k, undisturbed)).count();
        let first = scope.spawn({
            let kills = kills[..half].to_vec();
            move || all(kills)
        });
        all(kills[half..].to_vec()) + first.join().unwrap()
    });
    // The last lines may be written and the process gone before anybody looks.
    assert!(killed * 2 > kills.len(), "only {killed} of {} were killed in time", kills.len());
}
