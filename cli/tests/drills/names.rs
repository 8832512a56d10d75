//! A drill of which a step names something of production is refused, whatever the step does and wherever it
//! names it, before anything is done.

use crate::machine::Machine;

/// What a step does, beside the drill's own name with that of production.
const STEPS: [(&str, &str); 13] = [
    ("a word", r#"run = ["echo", "${target.app}", "shop-prod"]"#),
    ("a part of a word", r#"run = ["echo", "--app=shop-prod/x"]"#),
    ("other capitals", r#"run = ["echo", "SHOP-PROD"]"#),
    ("a line of shell", r#"shell = "echo ${target.app} && echo shop-prod""#),
    ("a directory", "run = [\"echo\"]\n    dir = \"shop-prod\""),
    ("what takes it back", "run = [\"echo\"]\n    undo = [\"echo\", \"shop-prod\"]"),
    ("a request", "http {\n      url = \"http://${target.app}.test/?of=shop-prod\"\n    }"),
    ("a connection", "tcp {\n      host = \"shop-prod.${target.app}.test\"\n      port = 1\n    }"),
    ("a name", "dns {\n      name = \"shop-prod.${target.app}.test\"\n    }"),
    (
        "a database",
        "sql {\n      database = \"host=shop-prod dbname=${target.app}\"\n      query = \"SELECT 1\"\n    }",
    ),
    (
        "a question",
        "sql {\n      database = \"dbname=${target.app}\"\n      query = \"DROP TABLE \\\"shop-prod\\\"\"\n    }",
    ),
    ("an object", "s3 {\n      bucket = aws_s3_bucket.safe\n      key = \"${target.app}/shop-prod\"\n    }"),
    (
        "a restore elsewhere",
        "restore = datastore.shop\n    into = target.app\n    via = [\"ssh\", \"shop-prod\"]",
    ),
];

fn configuration(step: &str) -> String {
    let command = step.starts_with("run") || step.starts_with("shell") || step.starts_with("restore");
    let drill = if command { "\n    drill = \"run\"" } else { "" };
    format!(
        r#"
provider "aws" {{
  region   = "eu-west-1"
  endpoint = "sim"
}}
resource "aws_s3_bucket" "safe" {{
  bucket = "shop-safe"
}}
site "host" {{}}
site "vault" {{}}
datastore "shop" {{
  site   = site.host
  engine = "postgresql"
}}
backup "dump" {{
  of = datastore.shop
  pg_dump {{
    schedule = cron("0 * * * *", "UTC")
    format   = "custom"
    takes    = "1m"
    restore  = ["pg_restore", "--dbname=shop", "$${{point.id}}"]
  }}
  to "vault" {{
    site = site.vault
  }}
}}
procedure "back" {{
  step "first" {{
    run   = ["touch", "effect"]
    drill = "run"
  }}
  step "second" {{
    after = [step.first]
    {step}{drill}
  }}
}}
scenario "gone" {{
  lose "datastore" {{
    datastore = datastore.shop
  }}
  target {{
    app = "shop-prod"
  }}
  recover = [procedure.back]
}}
drill "gone" {{
  scenario = scenario.gone
  every    = "30d"
  target {{
    app = "shop-drill"
  }}
}}
"#
    )
}

#[test]
fn a_name_of_production_in_any_step_is_refused_before_the_first_effect() {
    let machine = Machine::bare();
    for (place, step) in STEPS {
        machine.write("work/main.dr.hcl", &configuration(step));
        let said = machine.says(1, &["drill", "gone", "--execute", "--auto-approve"]);
        assert!(said.contains("DR605") && said.to_lowercase().contains("`shop-prod`"), "{place}: {said}");
        assert!(!machine.exists("work/effect"), "{place}: nothing is done");
        assert!(!machine.exists("work/.drctl/runs"), "{place}: no run is begun");
    }
    // The same without that name is carried out.
    machine.write("work/main.dr.hcl", &configuration(r#"run = ["echo", "${target.app}"]"#));
    machine.says(0, &["drill", "gone", "--execute", "--auto-approve"]);
    assert!(machine.exists("work/effect"));
}

#[test]
fn a_name_of_production_that_a_person_types_is_refused_before_the_step_is_done() {
    let machine = Machine::bare();
    let asks = "run = [\"touch\", \"shop-${input.place}\"]\n    \
                input \"place\" {\n      description = \"where\"\n    }";
    machine.write("work/main.dr.hcl", &configuration(asks));
    machine.says(9, &["drill", "gone", "--execute", "--keep", "--auto-approve"]);
    for place in ["prod", "shop-prod", "x shop-prod/x"] {
        let said = machine.says(1, &["recover", "mark", "2", "--go", "--input", &format!("place={place}")]);
        assert!(said.contains("DR605") && said.contains("With that `place` step 2 of drill gone"), "{said}");
        assert!(said.contains("There `shop-prod` is target.app of scenario.gone"), "{said}");
        assert!(said.contains("in this drill it is `shop-drill`"), "{said}");
    }
    machine.says(0, &["recover", "mark", "2", "--go", "--input", "place=drill"]);
    let run = machine.json(&["recover", "runs"])["runs"][0]["run"].as_str().unwrap().to_owned();
    machine.says(0, &["recover", "--resume", &run]);
    assert!(machine.exists("work/shop-drill") && !machine.exists("work/shop-prod"));
}
