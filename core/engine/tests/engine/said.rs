//! What steps said, beside the copy of the journal: put when the journal has nothing that is newer, and there for
//! whoever goes on elsewhere, as that line of the journal said it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use drctl_core::objects::{Objects, When};
use drctl_core::plan::StepId;
use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::run::{OnFailure, Verdict};
use drctl_engine::commander::Ended;
use drctl_engine::journal_copy::{fetch, key};
use drctl_engine::said::{MAX_SAID_BYTES, Said, beginning, done_in};

use crate::commander::{Heard, Scene, World};
use crate::copies::{Bucket, Mood, commanded, scene};

const LOCK_KEY: &str = "lock.json";

fn is_success(ended: &Ended) -> bool {
    matches!(ended, Ended::Over(outcome) if outcome.is_success())
}

/// What is in the copy, as a machine sees it that has nothing else.
async fn copied(bucket: &Bucket) -> Said {
    let journal = fetch(bucket, "r1").await.unwrap().unwrap();
    Said::copied(bucket, ("r1", &journal), |key| format!("s3://far/{key}")).await
}

#[tokio::test(start_paused = true)]
async fn what_steps_said_stands_beside_the_journal_under_its_lines() {
    let (scene, bucket, heard) = (scene(3), Bucket::new(Mood::Well), Arc::<Heard>::default());
    assert!(is_success(&commanded(&scene, &bucket, &heard, &[]).await.0));
    let journal = fs::read(scene.folder().journal()).unwrap();
    let done = done_in(&journal);
    assert_eq!(
        done.iter().map(|done| (done.step.0, done.line)).collect::<Vec<_>>(),
        [(1, 3), (2, 5), (3, 7)]
    );
    let keys: Vec<String> = done.iter().map(|done| done.key("r1")).collect();
    assert_eq!(bucket.keys_of("said/"), keys);
    assert!(keys[0].starts_with("said/r1/1-3-"), "{keys:?}");
    assert!(keys.iter().all(|key| bucket.kept(key).unwrap() == b"well"));
    assert_eq!(bucket.lists.load(Ordering::SeqCst), 0, "of a new run nothing is looked for");
    assert_eq!(heard.all(), Vec::<String>::new());
    let said = copied(&bucket).await;
    assert_eq!(said.place(StepId(2)), Some(format!("s3://far/{}", keys[1]).as_str()));
    assert_eq!(said.place(StepId(9)), None);
}

#[tokio::test(start_paused = true)]
async fn texts_that_hang_or_are_refused_keep_neither_run_nor_journal_nor_lock() {
    let well = commanded(&scene(6), &Bucket::new(Mood::Well), &Arc::default(), &[]).await.1;
    for mood in [Mood::Dead, Mood::Refuses, Mood::Slow(Duration::from_secs(60))] {
        let (scene, bucket, heard) = (scene(6), Bucket::new(Mood::Well), Arc::<Heard>::default());
        bucket.spoil("said/", mood);
        let (ended, took, end) = commanded(&scene, &bucket, &heard, &[]).await;
        assert!(is_success(&ended));
        assert_eq!(took, well);
        assert!(end <= Duration::from_secs(5), "{end:?}");
        assert_eq!(bucket.kept(&key("r1")), fs::read(scene.folder().journal()).ok(), "the journal is whole");
        assert_eq!(bucket.kept(LOCK_KEY), None, "the lock does not wait for it");
        let told = heard.all();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("The copy lacks what steps said"), "{told:?}");
        assert!(
            told[0].contains("1 – 6. When the bucket answers, `drctl recover --resume r1` here"),
            "{told:?}"
        );
        // Going on makes the copy whole, though nothing is left to do.
        bucket.spoil("said/", Mood::Well);
        assert!(is_success(&commanded(&scene, &bucket, &heard, &[]).await.0));
        assert_eq!(bucket.keys_of("said/").len(), 6);
        let puts = bucket.puts.load(Ordering::SeqCst);
        assert!(is_success(&commanded(&scene, &bucket, &heard, &[]).await.0));
        assert_eq!(heard.all().len(), 1);
        assert!(bucket.puts.load(Ordering::SeqCst) <= puts + 3, "what is there is not put again");
    }
}

/// Three steps, and what has failed holds.
fn held() -> Scene {
    let mut scene = scene(3);
    scene.begun.on_failure = OnFailure::Hold;
    scene
}

/// Another machine, which has the journal as it was copied.
async fn elsewhere(bucket: &Bucket) -> Scene {
    let scene = held();
    scene.folder().adopt(&fetch(bucket, "r1").await.unwrap().unwrap()).unwrap();
    scene
}

/// A run that has failed at its last step, and its copy.
async fn failed_at_the_last() -> Arc<Bucket> {
    let (mut first, bucket) = (held(), Bucket::new(Mood::Well));
    first.world = World::failing(&[("step-2", 9)]);
    let ended = commanded(&first, &bucket, &Arc::default(), &[]).await.0;
    assert!(!is_success(&ended));
    assert_eq!(bucket.keys_of("said/").len(), 2);
    bucket
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_elsewhere_has_what_was_said_before() {
    let bucket = failed_at_the_last().await;
    let second = elsewhere(&bucket).await;
    second.mark(3, Verdict::Go, &[]);
    assert!(is_success(&commanded(&second, &bucket, &Arc::default(), &[]).await.0));
    assert_eq!(second.world.effects(), ["step-2"]);
    for step in [1, 2, 3] {
        assert_eq!(fs::read_to_string(second.folder().said(StepId(step))).unwrap(), "well");
    }
    assert_eq!(bucket.keys_of("said/").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_others_put_there_is_taken_neither_for_what_was_said_nor_for_nothing() {
    let bucket = failed_at_the_last().await;
    let keys = bucket.keys_of("said/");
    bucket.put(&keys[0], &vec![b'x'; MAX_SAID_BYTES + 1], When::Always).await.unwrap();
    for other in ["said/r1/../../1.txt", "said/r1/1-3-.txt", "said/r1/2-5-0123456789abcdef.txt", "said/r1/"] {
        bucket.put(other, b"drctl_canary = 2026-01-01T00:00:00Z", When::Always).await.unwrap();
    }
    let said = copied(&bucket).await;
    assert_eq!(
        said.missing(StepId(1)),
        Some(format!("was not seen: getting {}: it has more than 1048576 bytes", keys[0]).as_str())
    );
    assert_eq!((said.canary(StepId(2)), said.missing(StepId(2))), (None, None));
    let (second, heard) = (elsewhere(&bucket).await, Arc::<Heard>::default());
    second.mark(3, Verdict::Go, &[]);
    assert!(is_success(&commanded(&second, &bucket, &heard, &[]).await.0));
    assert!(!second.folder().said(StepId(1)).exists());
    assert_eq!(fs::read_to_string(second.folder().said(StepId(2))).unwrap(), "well");
    let run = second.folder().read().unwrap().unwrap();
    let here = second.folder().all_said(&run);
    assert_eq!((here.missing(StepId(1)), here.missing(StepId(2))), (Some("is not here"), None));
    assert!(heard.all()[0].contains("The copy lacks what steps said"), "{:?}", heard.all());

    // What is gone, and what is not seen, are two things.
    bucket.delete(&keys[1]).await.unwrap();
    assert_eq!(copied(&bucket).await.missing(StepId(2)), Some("is not in the copy"));
    bucket.spoil("said/", Mood::Refuses);
    assert_eq!(copied(&bucket).await.missing(StepId(2)), Some("was not seen: asking: Access Denied"));
    let error =
        ProviderError { doing: "a".into(), class: ErrorClass::Timeout, code: None, message: "b".into() };
    let journal = fs::read(second.folder().journal()).unwrap();
    assert_eq!(Said::not_seen(&journal, &error).missing(StepId(3)), Some("was not seen: a: b"));
}

#[tokio::test(start_paused = true)]
async fn what_a_step_said_before_it_was_done_again_elsewhere_is_not_its_last_word() {
    let bucket = failed_at_the_last().await;
    let here = elsewhere(&bucket).await;
    let journal = fs::read_to_string(here.folder().journal()).unwrap();
    for step in [1, 2] {
        here.folder().keep(StepId(step), "of here").unwrap();
    }
    here.folder().adopt(journal.as_bytes()).unwrap();
    assert!(here.folder().said(StepId(2)).exists(), "it is the same line");
    let lines: Vec<&str> = journal.lines().collect();
    here.folder().adopt(format!("{}\n", lines[..3].join("\n")).as_bytes()).unwrap();
    here.folder().adopt(journal.as_bytes()).unwrap();
    assert!(here.folder().said(StepId(1)).exists() && !here.folder().said(StepId(2)).exists());
    assert_eq!(beginning("dr/../1"), "said/dr----1/");
    assert!(done_in(journal.trim_end().as_bytes()).len() == 2 && done_in(b"").is_empty());
}
