//! `examples/enterprise-inventory`: dumps, a spare server, a standby, and Railway.

use crate::machine::Machine;
use crate::stage::{At, Run, Stage, Word};

const IMAGE: &str = "ghcr.io/example/inventory:known-good";
const APPLICATION: &str = "railway/drill/application";
const STANDBY: &str = "hosts/standby-drill.inventory.example";

/// What the persons of the drills say.
const WORDS: [Word; 4] = [
    ("find the dump", &["--go", "--input", "dump=newest.dump"]),
    ("close what is left", &["--go"]),
    ("Decide since when", &["--done", "--input", "since=2026-03-02T10:00:00Z"]),
    ("deploy the last image", &["--skip", "--reason", "Railway has kept the deployment before"]),
];

/// The system as it runs: its database with an hourly dump; and what is there for drills.
fn stage() -> Stage {
    let stage = Stage::of("enterprise-inventory", Machine::start());
    let machine = &stage.machine;
    machine.ask("postgres", "create role application login in role pg_read_all_data");
    machine.ask("postgres", "create database inventory");
    stage.fill("inventory");
    let there = format!("host={}\nport={}\nuser=drctl\n", machine.path_of("sock"), machine.port);
    let services = [("postgres", "inventory"), ("postgres-drill", "postgres"), ("standby-drill", "postgres")];
    let services = services.map(|(name, database)| format!("[{name}]\n{there}dbname={database}\n"));
    machine.write("home/.pg_service.conf", &services.concat());
    machine.says(0, &["backup", "canary", "hourly"]);
    machine.ask("postgres", "create database drill template inventory");
    stage.put("s3/inventory-dumps/hourly/newest.dump", "");
    let dump = machine.path_of("home/platform/s3/inventory-dumps/hourly/newest.dump");
    stage.does("pg_dump", &["-Fc", "-f", &dump, "-d", &machine.database("inventory")]);
    let sum = stage.does("sha256sum", &[&dump]);
    stage.put("s3/inventory-dumps/hourly/newest.dump.sha256", sum.split(' ').next().unwrap());
    stage.put("registry/ghcr.io_example_inventory_known-good", "works\n");
    stage.put("registry/ghcr.io_example_inventory_newest", "breaks\n");
    stage.put(&format!("{APPLICATION}/deployments"), &format!("{IMAGE}\n"));
    let variables = "MAINTENANCE=0\nDATABASE_SERVER=postgres-drill\nDATABASE_NAME=drill\n";
    stage.put(&format!("{APPLICATION}/variables"), variables);
    for program in ["inventory-up", "inventory-down"] {
        let script = std::fs::read_to_string(machine.dir().join("work/host").join(program)).unwrap();
        stage.program(&format!("{STANDBY}/bin/{program}"), &script);
    }
    stage
}

/// The lines of a file of the platforms, in order.
fn lines(stage: &Stage, name: &str) -> Vec<String> {
    let mut lines: Vec<String> = stage.held(name).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Everything came back, into a database of its own, and goes again; what is in use is as it was.
#[track_caller]
fn came_back(stage: &Stage, run: &Run, before: &str) {
    run.measured_within(60);
    is_whole(stage, run, before);
}

/// The same, however long ago its dump was made.
#[track_caller]
fn is_whole(stage: &Stage, run: &Run, before: &str) {
    run.is_done();
    assert_eq!(stage.content(&format!("drill_{}", run.name)), before);
    assert_eq!(stage.content("inventory"), before);
}

#[test]
fn enterprise_inventory_restores_a_dump_leads_the_application_to_it_and_leaves_nothing() {
    let stage = stage();
    let before = stage.content("inventory");
    let fenced =
        || stage.machine.ask("postgres", "select datconnlimit from pg_database where datname = 'drill'");
    for drill in ["database_loss", "data_corruption"] {
        let run = stage.drill(drill, &WORDS);
        came_back(&stage, &run, &before);
        let variables = [
            format!("DATABASE_NAME=drill_{}", run.name),
            "DATABASE_SERVER=postgres-drill".to_owned(),
            "MAINTENANCE=0".to_owned(),
        ];
        assert_eq!(lines(&stage, &format!("{APPLICATION}/variables")), variables, "{drill}");
        assert_eq!(fenced(), "0", "{drill}");
        stage.take_back(&run);
        assert_eq!(fenced(), "-1", "{drill}");
        assert_eq!(lines(&stage, &format!("{APPLICATION}/variables"))[0], "DATABASE_NAME=drill", "{drill}");
        assert_eq!(stage.databases_like("drill\\_%"), "0", "{drill}");
    }
    assert_eq!(stage.content("inventory"), before, "what is in use is as it was");
}

#[test]
fn enterprise_inventory_starts_on_the_standby_and_goes_back_to_a_deployment_that_worked() {
    let stage = stage();
    let before = stage.content("inventory");
    let run = stage.drill("regional_outage", &WORDS);
    came_back(&stage, &run, &before);
    assert_eq!(stage.held(&format!("{STANDBY}/serves")), format!("drill_{}", run.name));
    stage.take_back(&run);
    assert_eq!(stage.held(&format!("{STANDBY}/serves")), "", "the standby is stopped again");
    assert_eq!(stage.databases_like("drill\\_%"), "0");

    stage.put(&format!("{APPLICATION}/deployments"), &format!("{IMAGE}\nghcr.io/example/inventory:newest\n"));
    let run = stage.drill("application_failure", &WORDS);
    run.is_done();
    assert_eq!(stage.held(&format!("{APPLICATION}/deployments")), IMAGE);
    assert!(stage.held(&format!("evidence/{}/deployments", run.name)).ends_with("inventory:newest"));
    assert_eq!(stage.content("inventory"), before, "what is in use is as it was");
}

/// Whether the effect of a step is there.
fn is_there(stage: &Stage, step: &str, run: &str) -> bool {
    let database = format!("drill_{run}");
    let variable = |line: &str| lines(stage, &format!("{APPLICATION}/variables")).iter().any(|is| is == line);
    let counts = |of: &str, question: &str| stage.machine.ask(of, question) == "1";
    let exists = format!("select count(*) from pg_database where datname = '{database}'");
    match step {
        "let the application answer 503 and write nothing" => variable("MAINTENANCE=1"),
        "take the application out of maintenance" => variable("MAINTENANCE=0"),
        // They only look, and their persons are asked again.
        "find the dump" => false,
        _ if step.starts_with("lead the application") => variable(&format!("DATABASE_NAME={database}")),
        _ if step.starts_with("close what is left") => counts(
            "postgres",
            "select count(*) from pg_database where datname = 'drill' and datconnlimit = 0",
        ),
        _ if step.starts_with("create the new database") => counts("postgres", &exists),
        _ if step.starts_with("restore it there") => {
            counts(&database, "select count(*) from pg_class where relname = 'movements'")
        }
        other => panic!("who looks for `{other}`?"),
    }
}

/// Killed in every step that a machine does, and after every one of them; what persons do has no effect that a
/// machine could repeat. Side by side on machines of their own.
#[test]
fn a_drill_that_is_killed_at_any_step_goes_on_to_the_same_end_and_does_nothing_twice() {
    const SIDE_BY_SIDE: usize = 2;
    std::thread::scope(|scope| {
        for part in 0..SIDE_BY_SIDE {
            scope.spawn(move || killed_in_every_nth_step(SIDE_BY_SIDE, part));
        }
    });
}

fn killed_in_every_nth_step(nth: usize, from: usize) {
    /// How often it is tried to see a step while it is under way.
    const TRIES: usize = 10;
    let stage = stage();
    let before = stage.content("inventory");
    let is_there = |step: &str, run: &str| is_there(&stage, step, run);
    let came_back_once = |run: &Run, when: &str| {
        is_whole(&stage, run, &before);
        let effects = lines(&stage, "effects");
        let mut once = effects.clone();
        once.dedup();
        assert_eq!(effects, once, "{when}");
        assert_eq!(once.len(), 5, "{when}: {once:?}");
        stage.take_back(run);
        stage.put("effects", "");
    };
    let whole = stage.drill("database_loss", &WORDS);
    let steps = stage.begun_by_machine(&whole);
    came_back_once(&whole, "not killed");
    assert!(steps.len() >= 12, "{steps:?}");
    for at in steps.into_iter().skip(from).step_by(nth).flat_map(|step| [At::Begun(step), At::Done(step)]) {
        let was_killed = (0..TRIES).any(|_| {
            let over = stage.drill_killed(at, "database_loss", &WORDS, &is_there);
            came_back_once(&over.run, &format!("{at:?}"));
            over.was_killed
        });
        assert!(was_killed, "{at:?} is over before anybody sees it");
    }
}
