//! The way back from a loss, through the binary: derived from the graph and the live world, the same
//! in calm weather and in the storm, and honest about what cannot come back or was not seen.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

#[path = "../src/render/schema_check.rs"]
mod schema_check;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A folder with a configuration and a simulated cloud.
struct Place {
    dir: tempfile::TempDir,
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// What `examples/quickstart` holds: its configuration and its cloud.
fn quickstart() -> (String, String) {
    let from = examples().join("quickstart");
    let read = |name: &str| std::fs::read_to_string(from.join(name)).unwrap();
    (read("main.dr.hcl"), read("sim.json"))
}

impl Place {
    /// Applied, as a system is before anything happens to it.
    fn applied(example: (String, String)) -> Place {
        Place::accepted(example, &[])
    }

    /// As [`Place::applied`], where some changes have to be accepted.
    fn accepted((config, cloud): (String, String), accept: &[&str]) -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        std::fs::write(place.dir.path().join("main.dr.hcl"), config).unwrap();
        std::fs::write(place.dir.path().join("sim.json"), cloud).unwrap();
        let accept = accept.iter().flat_map(|what| ["--accept", what]);
        place.must(&["apply", "--auto-approve"].into_iter().chain(accept).collect::<Vec<_>>());
        place
    }

    /// Runs a command: standard output, standard error, exit code.
    fn run(&self, args: &[&str]) -> (String, String, i32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
        command.arg("-C").arg(self.dir.path()).args(args).stdin(Stdio::null());
        for variable in ["DRCTL_SIM", "DRCTL_DATA_DIR", "DRCTL_NOW"] {
            command.env_remove(variable);
        }
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.code().unwrap())
    }

    /// Runs what has to succeed: its standard output.
    fn must(&self, args: &[&str]) -> String {
        let (stdout, stderr, code) = self.run(args);
        assert_eq!(code, 0, "{args:?}\n{stdout}{stderr}");
        stdout
    }

    /// A recovery plan and the exit code of the command that made it.
    fn recover(&self, args: &[&str]) -> (Value, i32) {
        let (stdout, stderr, code) = self.run(&[&["recover", "--format", "json"], args].concat());
        let plan: Value = serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e}\n{stdout}{stderr}"));
        let schema = serde_json::from_str(&self.must(&["schema", "recovery"])).unwrap();
        assert_eq!(schema_check::check(&schema, &plan), Vec::<String>::new());
        assert!(!plan["warnings"].to_string().contains("mistake"), "{}", plan["warnings"]);
        (plan, code)
    }
}

/// The scenario of the example.
const OUTAGE: [&str; 2] = ["--scenario", "regional-outage"];

/// A plan as text without what the cloud makes from a hash of names.
fn text(plan: &Value) -> String {
    let mut text = plan.to_string();
    while let Some(at) = text.find(":ab-") {
        text.replace_range(at..at + ":ab-0123456789abcdef".len(), ":backup");
    }
    text
}

/// Other names and the regions swapped, or back.
fn renamed(text: &str, back: bool) -> String {
    let names = [("main", "zulu"), ("invoices", "papers"), ("before", "prior"), ("outage", "storm")];
    let renamed = names.iter().fold(text.to_owned(), |text, (one, two)| match back {
        false => text.replace(one, two),
        true => text.replace(two, one),
    });
    renamed.replace("eu-west-1", "\u{1}").replace("eu-west-2", "eu-west-1").replace('\u{1}', "eu-west-2")
}

#[test]
fn other_names_and_swapped_regions_give_the_same_plan() {
    let (config, cloud) = quickstart();
    let one = Place::applied((config.clone(), cloud.clone()));
    let two = Place::applied((renamed(&config, false), renamed(&cloud, false)));
    let (one, code_one) = one.recover(&OUTAGE);
    let (two, code_two) = two.recover(&["--scenario", "regional-storm"]);
    assert_ne!(one, two);
    assert_eq!(text(&one), renamed(&text(&two), true));
    assert_eq!(code_one, code_two);
    assert_eq!(one["chosen_points"].as_array().unwrap().len(), 2);
}

/// The summaries of a datastore's steps of a phase.
fn summaries<'p>(plan: &'p Value, datastore: &str, phase: &str) -> Vec<&'p str> {
    let steps = plan["steps"].as_array().unwrap().iter();
    let own = steps.filter(|s| s["datastore"] == datastore && s["phase"] == phase);
    own.map(|s| s["summary"].as_str().unwrap()).collect()
}

#[test]
fn a_database_comes_back_under_a_new_name_and_the_application_follows() {
    let (plan, _) = Place::applied(quickstart()).recover(&OUTAGE);
    let new = format!("main-{}", plan["run"].as_str().unwrap());
    for phase in ["contain", "restore", "verify", "redirect", "confirm", "resume", "protect"] {
        let summaries = summaries(&plan, "main", phase);
        assert!(!summaries.is_empty(), "{phase}");
        assert!(phase == "contain" || summaries.iter().all(|s| s.contains(&new)), "{summaries:?}");
    }
    let redirect = plan["steps"].as_array().unwrap().iter().find(|s| s["phase"] == "redirect").unwrap();
    let command = redirect["command_equivalent"].to_string().replace("\",\"", " ");
    assert!(command.contains(&format!("describe-db-instances --db-instance-identifier {new}")), "{command}");
    assert!(command.contains("Endpoint") && command.contains("--region eu-west-2"), "{command}");
    // What protects again does not count as downtime, and the window until then is told.
    let window = &plan["unprotected"][1];
    assert_eq!((&window["datastore"], &window["region"]), (&"main".into(), &"eu-west-2".into()));
    let ends = |phase: &str| {
        plan["steps"]
            .as_array()
            .unwrap()
            .iter()
            .filter(move |s| s["datastore"] == "main" && s["phase"] == phase)
            .map(|s| s["done_p95_s"].as_i64().unwrap())
            .max()
            .unwrap()
    };
    assert_eq!(plan["rto"]["p95_s"], ends("resume"));
    assert_eq!(window["p95_s"], ends("protect") - ends("resume"));
}

/// Takes out the block that starts with this line.
fn without(config: &str, head: &str) -> String {
    let start = config.find(head).unwrap_or_else(|| panic!("no {head}"));
    let end = start + config[start..].find("\n}\n").unwrap() + "\n}\n".len();
    format!("{}{}", &config[..start], &config[end..])
}

#[test]
fn without_a_replica_the_datastore_has_no_way_back_and_says_why() {
    let (config, cloud) = quickstart();
    let config = without(&config, "resource \"aws_db_automated_backups_replication\" \"main\"");
    let place = Place::applied((config, cloud));
    let (plan, code) = place.recover(&OUTAGE);
    assert_eq!(code, 3, "what cannot come back misses its objective");
    let none = &plan["infeasible"][0];
    assert_eq!(none["datastore"], "main");
    let why = none["why"].as_str().unwrap();
    assert!(why.contains("no protection of aws_db_instance.main is left"), "{why}");
    let rejected = none["rejected"].as_array().unwrap();
    assert!(rejected.iter().all(|r| r["why"] == "it lives in eu-west-1, which is lost"), "{none}");
    assert_eq!(rejected.len(), 2, "its own backups and the snapshot: {none}");
    assert_eq!(plan["rto"]["status"], "no_plan");
    // The other datastore still gets its steps.
    assert!(plan["steps"].as_array().unwrap().iter().all(|s| s["datastore"] == "invoices"));
    let (text, _, _) = place.run(&["recover", "--scenario", "regional-outage"]);
    assert!(
        text.contains("✗ datastore.main   NO WAY BACK") || text.contains("x datastore.main   NO WAY BACK")
    );
}

#[test]
fn the_plan_of_calm_weather_is_the_plan_of_the_storm() {
    let place = Place::applied(quickstart());
    for format in ["text", "json"] {
        let ask = ["recover", "--scenario", "regional-outage", "--format", format];
        let calm = place.run(&ask);
        place.must(&["sim", "fail-region", "eu-west-1"]);
        let storm = place.run(&ask);
        place.must(&["sim", "restore-region", "eu-west-1"]);
        assert_eq!(calm.0, storm.0);
        assert_eq!(calm.2, storm.2);
    }
}

#[test]
fn a_loss_on_the_command_line_is_the_scenario_with_that_loss() {
    let place = Place::applied(quickstart());
    let (scenario, code) = place.recover(&OUTAGE);
    let (lost, free) = place.recover(&["--lose", "region=eu-west-1"]);
    for same in ["lost", "run", "chosen_points", "steps", "infeasible", "untouched", "warnings"] {
        assert_eq!(scenario[same], lost[same], "{same}");
    }
    assert_eq!((&scenario["scenario"], &lost["scenario"]), (&"regional-outage".into(), &Value::Null));
    assert_eq!(lost["rto"]["status"], "no_objective");
    assert_eq!((code, free), (3, 0), "an hour is promised by the scenario only");
}

#[test]
fn with_both_regions_lost_nothing_comes_back() {
    let place = Place::applied(quickstart());
    let (plan, code) = place.recover(&["--lose", "region=eu-west-1", "--lose", "region=eu-west-2"]);
    assert_eq!(code, 3);
    let infeasible = plan["infeasible"].as_array().unwrap();
    assert_eq!(infeasible.iter().map(|i| &i["datastore"]).collect::<Vec<_>>(), ["invoices", "main"]);
    assert_eq!(plan["steps"], Value::Array(Vec::new()));
    let help = infeasible[0]["help"].as_str().unwrap();
    assert!(help.contains("eu-west-1 or eu-west-2 comes back"), "{help}");
}

#[test]
fn the_loss_of_the_replicas_region_touches_no_datastore() {
    let place = Place::applied(quickstart());
    let (plan, code) = place.recover(&["--lose", "region=eu-west-2"]);
    assert_eq!(code, 0);
    assert_eq!(plan["untouched"], serde_json::json!(["invoices", "main"]));
    assert_eq!(plan["steps"], Value::Array(Vec::new()));
}

#[test]
fn what_is_lost_must_be_known() {
    let place = Place::applied(quickstart());
    for (args, says) in [
        (["--lose", "region=eu-wset-1"], "No provider of this configuration is in `eu-wset-1`"),
        (["--lose", "zone=a"], "`zone` cannot be lost here"),
        (["--scenario", "flood"], "There is no scenario `flood`"),
        (["--lose", "region=eu-wset-1"], "Did you mean `eu-west-1`?"),
        (["--scenario", "regional-outtage"], "Did you mean `regional-outage`?"),
    ] {
        let (stdout, stderr, code) = place.run(&[&["recover"], args.as_slice()].concat());
        assert_eq!(code, 1, "{stderr}");
        assert_eq!(stdout, "");
        assert!(stderr.contains(says), "{stderr}");
    }
}

#[test]
fn what_was_denied_is_planned_with_a_warning() {
    let (config, cloud) = quickstart();
    let place = Place::applied((config.replace("rto = \"1h\"", "rto = \"1d\""), cloud));
    let (seen, _) = place.recover(&OUTAGE);
    assert!(seen["warnings"].as_array().unwrap().iter().all(|w| !w.as_str().unwrap().contains("denied")));
    place.must(&["sim", "deny", "DescribeDBInstanceAutomatedBackups"]);
    place.must(&["sim", "deny", "*:quickstart-invoices-eu-west-2"]);
    // What was seen before stands in, with its age, and is no promise.
    let (remembered, code) = place.recover(&OUTAGE);
    let main = &remembered["chosen_points"][1];
    assert_eq!((&main["datastore"], &main["point"]), (&"main".into(), &seen["chosen_points"][1]["point"]));
    assert_eq!((&remembered["rpo"]["status"], code), (&"unknown".into(), 3), "not known to be met");
    assert!(remembered["warnings"].to_string().contains("; last seen 2026-"), "{}", remembered["warnings"]);
    // Where nothing was seen before, it is feasible all the same.
    std::fs::remove_file(place.dir.path().join(".drctl/last-world.json")).unwrap();
    let (plan, code) = place.recover(&OUTAGE);
    assert_eq!(plan["infeasible"], Value::Array(Vec::new()), "unobserved is not absent");
    let warnings: Vec<&str> =
        plan["warnings"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    for address in ["aws_db_automated_backups_replication.main", "aws_s3_bucket.invoices_dr"] {
        let about = |w: &&&str| w.contains(address) && w.contains("was not observed");
        assert!(warnings.iter().any(|w| about(&w)), "{address}: {warnings:#?}");
    }
    let main = &plan["chosen_points"][1];
    assert_eq!((&main["datastore"], &main["point"]), (&"main".into(), &Value::Null));
    assert_eq!(main["data_loss_s"], Value::Null, "the newest point was not read");
    assert_eq!(plan["rto"]["status"], "met");
    assert_eq!((&plan["rpo"]["status"], code), (&"unknown".into(), 3), "not known to be met");
    assert!(plan["steps"].as_array().unwrap().iter().any(|s| {
        s["command_equivalent"].as_array().unwrap().contains(&"describe-db-instance-automated-backups".into())
    }));
}

#[test]
fn without_arguments_the_scenarios_are_listed_by_what_one_sees() {
    let place = Place::applied(quickstart());
    let text = place.must(&["recover"]);
    assert!(text.starts_with("Which of these do you see?"), "{text}");
    assert!(text.contains("the database does not answer from two networks"), "{text}");
    assert!(text.contains("$ drctl recover --scenario regional-outage"), "{text}");
    assert!(text.contains("loses eu-west-1   RTO 1h   RPO 15m"), "{text}");
}

#[test]
fn a_plan_fits_into_100_columns_and_its_commands_into_a_shell() {
    let locks = ["irreversible:aws_s3_bucket.invoices", "irreversible:aws_s3_bucket.invoices_dr"];
    let vatevo = std::fs::read_to_string(examples().join("vatevo/main.dr.hcl")).unwrap();
    let places = [
        ("quickstart", Place::applied(quickstart())),
        ("vatevo", Place::accepted((vatevo, "{}".to_owned()), &locks)),
    ];
    for (example, place) in places {
        let mut texts = vec![place.run(&["recover"]).0];
        for region in ["eu-west-1", "eu-west-2"] {
            texts.push(place.run(&["recover", "--lose", &format!("region={region}")]).0);
        }
        assert!(texts.iter().any(|t| t.contains("\nSteps\n")), "{example} plans something");
        for text in texts {
            let mut inside = false;
            for line in text.lines() {
                let command = inside || line.starts_with("       $ ");
                // One word of a command may be longer: it has to stay whole.
                let whole = command && line.split_whitespace().any(|word| word.chars().count() > 60);
                assert!(line.chars().count() <= 100 || whole, "{example}: {line}");
                inside = command && line.ends_with(" \\");
            }
        }
    }
}
