//! The journal of a run in a bucket of a server that others wrote: gone on with by a machine that has nothing
//! else, and no reason to wait when the server hangs.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::harness::proxy::Fault;
use crate::program::{Aws, Project};

/// What a run gives a bucket that says nothing: before its first step and after its last; and what a busy machine adds.
const BOUND: Duration = Duration::from_secs(4 + 5);
const SLACK: Duration = Duration::from_secs(6);

const EXECUTE: [&str; 5] = ["recover", "--scenario", "down", "--execute", "--auto-approve"];

/// A service that comes back by these steps, beside a bucket for the journals.
async fn stage(steps: &str) -> (Aws, Project) {
    let aws = Aws::start().await;
    let place = json!({ "LocationConstraint": "eu-west-2" });
    aws.s3.do_all(vec![
        json!(["s3", "create_bucket", {"Bucket": "journals", "CreateBucketConfiguration": place}]),
    ]);
    let provider = aws.provider();
    let project = Project::new(&format!(
        r#"{provider}
drctl {{
  journal_copy {{
    bucket = "journals"
  }}
}}
service "shop" {{
  recover = procedure.back
}}
scenario "down" {{
  lose "service" {{
    service = service.shop
  }}
}}
procedure "back" {{
{steps}}}
"#
    ));
    (aws, project)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_gone_on_with_by_a_machine_that_has_only_the_copy() {
    let (aws, project) = stage(
        "  step \"one\" {\n    run = [\"sh\", \"-c\", \"echo one | tee -a effects\"]\n  }\n\
         \x20 step \"look\" {\n    after = [step.one]\n    manual = \"Look at it.\"\n  }\n\
         \x20 step \"two\" {\n    after = [step.look]\n    run = [\"sh\", \"-c\", \"echo two >>effects\"]\n  }\n",
    )
    .await;
    project.run(&EXECUTE).with(9);
    let objects = || {
        let seen = aws.s3.look(&json!([["s3", "list_objects_v2", {"Bucket": "journals"}]]));
        let keys = seen[0]["Contents"].as_array().unwrap().iter();
        keys.map(|object| object["Key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    project.forget();
    let runs: Json = serde_json::from_str(&project.run(&["recover", "runs", "--json"]).with(0).out).unwrap();
    let run = runs["only_in_copy"][0].as_str().unwrap();
    let of_the_first = &objects()[1];
    assert!(of_the_first.starts_with(&format!("drctl/said/{run}/1-3-")), "{of_the_first}");
    let journal = format!("drctl/runs/{run}/journal.jsonl");
    assert_eq!(objects(), [journal.clone(), of_the_first.clone()], "the lock is let go of");
    let shown = project.run(&["recover", "show", run]).with(0);
    let place = format!("what it said: s3://journals/{of_the_first}");
    assert!(shown.out.contains(&place), "{}", shown.out);
    // Another machine holds the lock.
    let holder = r#"{"user":"bea","host":"far","pid":7,"command":"recover","since":"2026-01-01T00:00:00Z"}"#;
    let lock = json!({"Bucket": "journals", "Key": "drctl/lock.json", "Body": holder});
    aws.s3.do_all(vec![json!(["s3", "put_object", lock])]);
    let refused = project.run(&["recover", "--resume", run]).with(7);
    assert!(refused.err.contains("bea@far"), "{}", refused.err);
    project.run(&["recover", "mark", "2", "--done"]).with(0);
    project.run(&["recover", "--resume", run, "--take-over"]).with(0);
    assert_eq!(project.read("effects"), "one\ntwo\n");
    assert_eq!(project.read(&format!(".drctl/runs/{run}/said/1.txt")), "one\n");
    let now = objects();
    assert_eq!((now.len(), &now[..2]), (3, &[journal, of_the_first.clone()][..]), "{now:?}");
    let shown = project.run(&["recover", "show", run]).with(0);
    assert!(shown.out.contains("command TAKEN OVER by"), "{}", shown.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_hangs_keeps_no_run_waiting() {
    let (aws, project) =
        stage("  step \"one\" {\n    run = [\"sh\", \"-c\", \"echo one >>effects\"]\n  }\n").await;
    aws.s3.proxy.fail("", Fault::Hang);
    let start = Instant::now();
    let ended = project.run(&EXECUTE).with(0);
    let took = start.elapsed();
    assert!(took < BOUND + SLACK, "{took:?}\n{}", ended.err);
    assert!(ended.err.contains("NOBODY CAN TELL WHETHER ANOTHER MACHINE COMMANDS"), "{}", ended.err);
    assert!(ended.err.contains("THE COPY IS NOT WHOLE"), "{}", ended.err);
    assert_eq!(project.read("effects"), "one\n");

    // Who goes on waits once, too, whatever is asked of the bucket.
    let runs: Json = serde_json::from_str(&project.run(&["recover", "runs", "--json"]).with(0).out).unwrap();
    let start = Instant::now();
    let ended = project.run(&["recover", "--resume", runs["runs"][0]["run"].as_str().unwrap()]).with(0);
    let took = start.elapsed();
    assert!(took < BOUND + SLACK, "{took:?}\n{}", ended.err);
    assert!(ended.err.contains("The copy of the journal was not seen"), "{}", ended.err);
}
