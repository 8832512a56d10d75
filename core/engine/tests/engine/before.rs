//! What a step looks at before it is done, and what it is taken back to: whatever happens in between.

use drctl_core::plan::StepId;
use drctl_core::recovery::Before;
use drctl_core::run::{Question, Verdict};
use drctl_engine::commander::{Ended, Patience};
use drctl_engine::runs::Job;

use crate::commander::{Scene, World, job, run};

/// Sets the scale to 0, and back to what it was.
fn scale() -> Job {
    let mut scale = job(run("scale 0"), "scale ${self.before.count}");
    let words = ["ask", "scale"].map(str::to_owned).into();
    scale.carried.before = vec![Before { name: "count".to_owned(), words, value: None }];
    scale
}

#[tokio::test(start_paused = true)]
async fn a_step_is_taken_back_to_what_there_was_before_its_first_try() {
    let mut scale = scale();
    scale.carried.attempts = 2;
    let world = World::failing(&[("scale 0", 1), ("check", 1)]);
    let scene = Scene::new(vec![scale, job(run("check"), "")], world);
    let Ended::Over(outcome) = scene.command(Patience::Leave).await else { panic!("waits") };
    assert_eq!(outcome.undone, [StepId(1)].into());
    assert_eq!(scene.world.effects(), ["scale 0", "scale 3"]);
    let heard = scene.heard.all();
    let looked = heard.iter().filter(|told| told.contains("Observed({\"count\": \"3\"})")).count();
    assert_eq!(looked, 1, "{heard:?}");
    assert!(heard.iter().any(|told| told == "1 Undoing([\"scale\", \"3\"])"), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_looked_at_is_not_changed() {
    let scene = Scene::new(vec![scale()], World::failing(&[("ask scale", 1)]));
    let Ended::Over(outcome) = scene.command(Patience::Leave).await else { panic!("waits") };
    assert_eq!(outcome.failed, [StepId(1)].into());
    assert!(scene.world.effects().is_empty());
    let heard = scene.heard.all().join("\n");
    assert!(heard.contains("looking at `count` before anything is done: no"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_drill_is_not_taken_back_to_production() {
    let mut scene = Scene::new(vec![scale()], World::default());
    scene.world.happened("scale shop-prod");
    let known = serde_json::json!([{ "value": "shop-prod", "of": "target.app of scenario.gone" }]);
    let off_limits = serde_json::json!({ "known": known, "things": [], "shared": [] });
    scene.begun.off_limits = serde_json::from_value(off_limits).unwrap();
    let Ended::Over(outcome) = scene.command(Patience::Leave).await else { panic!("waits") };
    assert_eq!(outcome.failed, [StepId(1)].into());
    assert_eq!(scene.world.effects(), ["scale shop-prod"]);
    let heard = scene.heard.all().join("\n");
    assert!(heard.contains("take it back to production: it names target.app"), "{heard}");
}

/// Cut off after every line of its journal, a run takes back to what there was before its first line: whether the
/// effect had come by then or not.
#[tokio::test(start_paused = true)]
async fn cut_off_anywhere_it_is_taken_back_to_what_there_was() {
    let jobs = || {
        let mut check = job(run("check"), "");
        check.carried.repeatable = true;
        vec![scale(), check]
    };
    let world = || World::failing(&[("check", 9)]);
    let whole = Scene::new(jobs(), world());
    let Ended::Over(expected) = whole.command(Patience::Leave).await else { panic!("waits") };
    let text = std::fs::read_to_string(whole.folder().journal()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    assert_eq!(lines.iter().filter(|line| line.contains("\"observed\"")).count(), 1, "{text}");
    for cut in 1..=lines.len() {
        let scene = Scene::new(jobs(), world());
        std::fs::create_dir_all(scene.folder().journal().parent().unwrap()).unwrap();
        std::fs::write(scene.folder().journal(), lines[..cut].concat()).unwrap();
        let so_far = lines[..cut].concat();
        // Where it was written down, the effect came; nobody may have written down that.
        if so_far.contains("\"observed\"") {
            scene.world.happened("scale 0");
        }
        let undoing = so_far.contains("\"undoing\"");
        if undoing {
            scene.world.happened("scale 3");
        }
        let outcome = loop {
            match scene.command(Patience::Leave).await {
                Ended::Over(outcome) => break outcome,
                Ended::Waiting(steps) => steps.iter().for_each(|s| scene.mark(s.0, Verdict::Done, &[])),
            }
        };
        assert_eq!(outcome, expected, "cut after line {cut}");
        assert_eq!(scene.world.effects(), ["scale 0", "scale 3"], "cut after line {cut}");
        let asked = scene.heard.all().iter().any(|h| h.contains(&format!("{:?}", Question::Doubt)));
        let last = lines[cut - 1];
        let in_doubt = last.contains("\"observed\"") || last.contains("\"undoing\"");
        assert_eq!(asked, in_doubt, "cut after line {cut}: {last}");
    }
}
