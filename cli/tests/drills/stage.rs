//! An example on a machine with a server, its platforms, and whoever does what is done by hand.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Weak};

use serde_json::Value as Json;

use crate::machine::{Machine, until};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// How often a run is gone on with before it is given up on: each time somebody has said something.
const ROUNDS: u32 = 20;

/// A word that a person says of a step, known by what it is called.
pub(crate) type Word = (&'static str, &'static [&'static str]);

/// Whether the effect of the step that is called so is there, in that run.
pub(crate) type Seen<'a> = &'a dyn Fn(&str, &str) -> bool;

/// When a drill is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// When its journal says that the step has begun, and not that it has ended.
    Begun(u64),
    /// When it says that the step is done, and nothing else.
    Done(u64),
}

/// A drill that was killed and is over all the same.
pub(crate) struct Killed {
    /// Whether it was killed then. A step may be over before anybody sees that it has begun.
    pub(crate) was_killed: bool,
    pub(crate) run: Run,
}

/// The example in its folder, its server, and its platforms.
pub(crate) struct Stage {
    pub(crate) machine: Arc<Machine>,
    /// Where requests are answered: `127.0.0.1:PORT`.
    front: String,
}

/// A drill that is over.
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) record: Json,
}

impl Stage {
    /// The example as it is written, with what stands in for everything else.
    pub(crate) fn of(example: &str, machine: Machine) -> Stage {
        let (machine, stand_ins) = (Arc::new(machine), PathBuf::from(ROOT).join("testdata/stand-ins"));
        let copies = [
            (PathBuf::from(ROOT).join("examples").join(example), "work"),
            (stand_ins.join("bin"), "bin"),
            (stand_ins.join(example), "work"),
            (stand_ins.join(example).join("home"), "home"),
        ];
        for (from, to) in copies {
            copy(&machine, &from, to);
        }
        // Nobody here has the certificates of these hosts.
        for entry in fs::read_dir(machine.dir().join("work")).unwrap().flatten() {
            let name = format!("work/{}", entry.file_name().to_str().unwrap());
            if name.ends_with(".dr.hcl") {
                let text = fs::read_to_string(entry.path()).unwrap();
                machine.write(&name, &text.replace("https://${target.", "http://${target."));
            }
        }
        folder(&machine, "home/platform");
        let front = serve(Arc::downgrade(&machine));
        let stage = Stage { machine, front };
        stage.machine.write("home/platform/address", &format!("http://{}", stage.front));
        stage
    }

    /// A file of the platforms.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let name = format!("home/platform/{name}");
        folder(&self.machine, Path::new(&name).parent().unwrap().to_str().unwrap());
        self.machine.write(&name, text);
    }

    /// A program of a host.
    pub(crate) fn program(&self, name: &str, script: &str) {
        self.put(name, script);
        let path = self.machine.dir().join("home/platform").join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What a file of the platforms holds; nothing where there is none.
    pub(crate) fn held(&self, name: &str) -> String {
        let text = fs::read_to_string(self.machine.dir().join("home/platform").join(name));
        text.unwrap_or_default().trim().to_owned()
    }

    /// Runs what has to succeed; what it says.
    #[track_caller]
    pub(crate) fn does(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.machine.run(program, arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Puts into a database what is in use there.
    pub(crate) fn fill(&self, database: &str) {
        let database = self.machine.database(database);
        self.does("psql", &["-Xqd", &database, "-v", "ON_ERROR_STOP=1", "-f", "data.sql"]);
    }

    /// All that a database holds, as one number. Each dump has a key of its own, against what is restored from it.
    pub(crate) fn content(&self, database: &str) -> String {
        self.content_of(&self.machine.database(database))
    }

    /// The same of a connection string.
    pub(crate) fn content_of(&self, database: &str) -> String {
        let dump = format!("pg_dump --dbname '{database}'");
        self.does("sh", &["-c", &format!("{dump} | grep -v '^.\\(un\\)\\?restrict ' | sha256sum")])
    }

    /// How many databases are called so.
    pub(crate) fn databases_like(&self, pattern: &str) -> String {
        let count = format!("select count(*) from pg_database where datname like '{pattern}'");
        self.machine.ask("postgres", &count)
    }

    /// Lets the simulated cloud, which a drill is planned by, have that time. A run is called by its second.
    fn set_clock(&self, at: jiff::Timestamp) {
        let shown = self.machine.json(&["sim", "show"]);
        let simulated: jiff::Timestamp = shown["now"].as_str().unwrap().parse().unwrap();
        let behind = at.as_second() - simulated.as_second();
        self.machine.says(0, &["sim", "advance", &format!("{}s", behind.max(1))]);
    }

    /// Drctl, which asks web servers by way of what answers here.
    fn drctl(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.machine.drctl_command(arguments);
        command.env("http_proxy", format!("http://{}", self.front));
        command
    }

    /// Replaces what is there, which has to be there: where something is, and never what is done.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.machine.dir().join("work").join(file)).unwrap();
        assert!(text.contains(from), "{from}");
        self.machine.write(&format!("work/{file}"), &text.replace(from, to));
    }

    /// Carries a drill out to its end. A person who is asked of a step says what stands in `words`, or that it is done.
    #[track_caller]
    pub(crate) fn drill(&self, name: &str, words: &[Word]) -> Run {
        self.drill_as_of(jiff::Timestamp::now(), name, words)
    }

    /// The same, planned at that time.
    #[track_caller]
    pub(crate) fn drill_as_of(&self, at: jiff::Timestamp, name: &str, words: &[Word]) -> Run {
        self.set_clock(at);
        let begin = self.drctl(&["drill", name, "--execute", "--keep", "--auto-approve", "--confirm", name]);
        let mut last = begin;
        for _ in 0..ROUNDS {
            let said =
                format!("{}{}", String::from_utf8_lossy(&last.stdout), String::from_utf8_lossy(&last.stderr));
            let run = self.newest();
            match last.status.code() {
                Some(0) => return Run { record: self.machine.json(&["recover", "show", &run]), name: run },
                code => assert_eq!(code, Some(9), "{name}: {said}"),
            }
            assert!(self.answer(&run, words), "{name} goes not on, and nobody is asked:\n{said}");
            last = self.drctl(&["recover", "--resume", &run]);
        }
        panic!("{name} does not end")
    }

    /// The same by a process that is killed once. What was cut off is done when the world shows it; whether a
    /// step's effect is there is told by what the step is called.
    pub(crate) fn drill_killed(&self, at: At, name: &str, words: &[Word], is_there: Seen<'_>) -> Killed {
        self.set_clock(jiff::Timestamp::now());
        let begin = ["drill", name, "--execute", "--keep", "--auto-approve"].map(str::to_owned);
        let after = match at {
            At::Begun(_) => None,
            At::Done(step) => Some(format!("--kill-after={step}")),
        };
        let mut words_of: Vec<String> = begin.into_iter().chain(after).collect();
        let before = self.runs();
        let mut was_killed = false;
        for _ in 0..ROUNDS {
            let arguments: Vec<&str> = words_of.iter().map(String::as_str).collect();
            let mut child =
                self.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let mut run = String::new();
            let status = loop {
                run = if run.is_empty() { self.begun_after(&before) } else { run };
                if let At::Begun(step) = at
                    && !was_killed
                    && self.is_under_way(&run, step)
                {
                    child.kill().unwrap();
                }
                if let Some(status) = child.try_wait().unwrap() {
                    break status;
                }
                std::thread::yield_now();
            };
            run = if run.is_empty() { self.begun_after(&before) } else { run };
            let work = self.machine.path_of("work");
            until("that what was cut off has ended", || {
                self.processes(&|folder| folder.starts_with(&work)).is_empty()
            });
            was_killed |= status.signal().is_some()
                && match at {
                    At::Begun(step) => self.is_under_way(&run, step),
                    At::Done(step) => self.last_event(&run) == ("succeeded".to_owned(), Some(step)),
                };
            let record = self.machine.json(&["recover", "show", &run]);
            if record["status"] == "done" {
                return Killed { was_killed, run: Run { name: run, record } };
            }
            self.answer(&run, words);
            self.settle(&run, words, is_there);
            words_of = ["recover", "--resume", &run].map(str::to_owned).to_vec();
        }
        panic!("{name}, killed at {at:?}, does not end")
    }

    /// Says of what was cut off whether its effect is there, and what the step asks for.
    fn settle(&self, run: &str, words: &[Word], is_there: Seen<'_>) {
        let record = self.machine.json(&["recover", "show", run]);
        for step in record["steps"].as_array().unwrap() {
            if step["standing"] == "cut off; asked about" {
                let (id, summary) = (step["id"].to_string(), step["summary"].as_str().unwrap());
                let verdict = if is_there(summary, run) { "--done" } else { "--go" };
                let word = words.iter().find(|(of, _)| summary.starts_with(of));
                let inputs = word.map_or(&[][..], |(_, word)| &word[1..]);
                self.machine.says(0, &[&["recover", "mark", &id, "--run", run, verdict], inputs].concat());
            }
        }
    }

    /// The runs that there are, by their folders.
    fn runs(&self) -> Vec<String> {
        let folders =
            fs::read_dir(self.machine.dir().join("work/.drctl/runs")).into_iter().flatten().flatten();
        folders.map(|folder| folder.file_name().into_string().unwrap()).collect()
    }

    /// The run that is there and was not; nothing while there is none.
    fn begun_after(&self, before: &[String]) -> String {
        self.runs().into_iter().find(|run| !before.contains(run)).unwrap_or_default()
    }

    /// What stands in the journal of a run: what happened, and to which step. The last line may be torn.
    fn events(&self, run: &str) -> Vec<(String, Option<u64>)> {
        let journal = self.machine.dir().join("work/.drctl/runs").join(run).join("journal.jsonl");
        let text = fs::read_to_string(journal).unwrap_or_default();
        let events = text.lines().skip(1).filter_map(|line| serde_json::from_str::<Json>(line).ok());
        events.map(|event| (event["event"].as_str().unwrap().to_owned(), event["step"].as_u64())).collect()
    }

    fn last_event(&self, run: &str) -> (String, Option<u64>) {
        self.events(run).pop().unwrap_or_default()
    }

    /// Whether the step has begun and has not ended.
    fn is_under_way(&self, run: &str, step: u64) -> bool {
        let of_it = self.events(run).into_iter().rfind(|(_, of)| *of == Some(step));
        of_it.is_some_and(|(event, _)| event == "started")
    }

    /// The steps that a machine has begun, in their order.
    pub(crate) fn begun_by_machine(&self, run: &Run) -> Vec<u64> {
        let begun = self.events(&run.name).into_iter().filter(|(event, _)| event == "started");
        begun.filter_map(|(_, step)| step).collect()
    }

    fn newest(&self) -> String {
        let runs = self.machine.json(&["recover", "runs"]);
        let names = runs["runs"].as_array().unwrap().iter().filter_map(|run| run["run"].as_str());
        names.max().expect("a drill makes a run").to_owned()
    }

    /// Says what persons are asked for; whether anybody was.
    fn answer(&self, run: &str, words: &[Word]) -> bool {
        let record = self.machine.json(&["recover", "show", run]);
        let asked: Vec<&Json> = record["steps"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|step| step["standing"] == "waits for a person")
            .collect();
        for step in &asked {
            let (id, summary) = (step["id"].to_string(), step["summary"].as_str().unwrap());
            let word = words.iter().find(|(of, _)| summary.starts_with(of));
            let word = word.map_or(&["--done"][..], |(_, word)| word);
            self.machine.says(0, &[&["recover", "mark", &id, "--run", run], word].concat());
        }
        !asked.is_empty()
    }

    /// Takes back what a drill has made, and says how that went.
    #[track_caller]
    pub(crate) fn take_back(&self, run: &Run) {
        self.machine.says(0, &["drill", "teardown", &run.name]);
        let record = self.machine.json(&["recover", "show", &run.name]);
        assert_eq!(record["status"], "done", "{record:#}");
        let of_run = |folder: &str| folder.contains(&run.name);
        assert_eq!(self.processes(&of_run), Vec::<String>::new(), "what was started is stopped");
    }

    /// The processes that work in such a folder of the machine.
    fn processes(&self, is_meant: &dyn Fn(&str) -> bool) -> Vec<String> {
        let machine = self.machine.path_of("");
        let works_there = |process: &PathBuf| {
            let folder = fs::read_link(process.join("cwd")).unwrap_or_default().display().to_string();
            folder.starts_with(&machine) && is_meant(&folder)
        };
        let processes =
            fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()).filter(works_there);
        processes
            .map(|p| fs::read_to_string(p.join("cmdline")).unwrap_or_default().replace('\0', " "))
            .collect()
    }
}

impl Run {
    /// It has ended well, and so has every step that was needed.
    #[track_caller]
    pub(crate) fn is_done(&self) {
        assert_eq!(self.record["status"], "done", "{:#}", self.record);
        for step in self.record["steps"].as_array().unwrap() {
            let over = ["done", "left out", "not needed"].iter().any(|over| step["standing"] == **over);
            assert!(over, "{step}");
        }
    }

    /// Both measures are in the record, and no data that is older than that many seconds was lost.
    #[track_caller]
    pub(crate) fn measured_within(&self, seconds: i64) {
        assert!(self.record["rto_s"].as_i64().is_some(), "{:#}", self.record);
        let lost = self.record["rpo_s"].as_i64().expect("the canary measures what is lost");
        assert!((0..=seconds).contains(&lost), "{lost}");
    }
}

fn folder(machine: &Machine, name: &str) {
    let mut made = PathBuf::new();
    for part in Path::new(name) {
        made.push(part);
        if !machine.dir().join(&made).exists() {
            fs::create_dir(machine.dir().join(&made)).unwrap();
            machine.own(made.to_str().unwrap());
        }
    }
}

/// Copies a folder, without what is documented of the system in it.
fn copy(machine: &Machine, from: &Path, to: &str) {
    folder(machine, to);
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let to = format!("{to}/{}", name.to_str().unwrap());
        if path.is_dir() && name != "as-documented" {
            copy(machine, &path, &to);
        } else if path.is_file() {
            fs::copy(&path, machine.dir().join(&to)).unwrap();
            machine.own(&to);
        }
    }
}

/// Answers requests by `front` of the example, for as long as the machine is there.
fn serve(machine: Weak<Machine>) -> String {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in server.incoming().flatten() {
            let Some(machine) = machine.upgrade() else { return };
            // Who hangs up gets no answer.
            let _ = answer(stream, &machine);
        }
    });
    address
}

fn answer(mut stream: TcpStream, machine: &Machine) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    // A proxy is asked for whole addresses.
    let path = first.split(' ').nth(1).unwrap_or_default().trim_start_matches("http://").to_owned();
    let said = machine.run("./front", &[&path]);
    let status = if said.status.success() { "200 OK" } else { "503 Service Unavailable" };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        said.stdout.len()
    )?;
    stream.write_all(&said.stdout)
}
