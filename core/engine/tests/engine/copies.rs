//! The copy of a journal and the lock over all machines, in a bucket that is dead, slow, refuses or comes
//! back, on a paused clock: the run takes as long as it would without.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drctl_core::objects::{Objects, Put, When};
use drctl_core::provider::{BoxFuture, ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Surroundings};
use drctl_core::run::Event;
use drctl_engine::claim::{Claim, Claimed, Held, LOCK_KEY, TakeOver};
use drctl_engine::clock::FixedClock;
use drctl_engine::commander::{self, Command, Ended, Patience, TakenOver};
use drctl_engine::hooks::NoHooks;
use drctl_engine::journal_copy::{Beside, JournalCopy, beside, fetch, key};
use drctl_engine::lock::{Holder, LockError};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::commander::{Heard, Scene, World, job};

/// How a bucket answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    Slow(Duration),
    Dead,
    Refuses,
    Throttles,
}

pub(crate) struct Bucket {
    kept: Mutex<BTreeMap<String, Vec<u8>>>,
    mood: Mutex<Mood>,
    /// How keys answer that begin so, whatever the others do.
    spoiled: Mutex<Option<(&'static str, Mood)>>,
    pub(crate) puts: AtomicUsize,
    pub(crate) lists: AtomicUsize,
    under_way: AtomicUsize,
}

/// A put that is under way, until it is answered or given up.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Bucket {
    pub(crate) fn new(mood: Mood) -> Arc<Bucket> {
        Arc::new(Bucket {
            kept: Mutex::default(),
            mood: Mutex::new(mood),
            spoiled: Mutex::default(),
            puts: AtomicUsize::new(0),
            lists: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
        })
    }

    fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(crate) fn spoil(&self, beginning: &'static str, mood: Mood) {
        *self.spoiled.lock().unwrap() = Some((beginning, mood));
    }

    /// The keys that begin so.
    pub(crate) fn keys_of(&self, beginning: &str) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        kept.keys().filter(|key| key.starts_with(beginning)).cloned().collect()
    }

    pub(crate) fn kept(&self, key: &str) -> Option<Vec<u8>> {
        self.kept.lock().unwrap().get(key).cloned()
    }

    async fn answers(&self, key: &str) -> Result<(), ProviderError> {
        let refused = |class, message: &str| {
            Err(ProviderError { doing: "asking".into(), class, code: None, message: message.into() })
        };
        let spoiled = *self.spoiled.lock().unwrap();
        let spoiled = spoiled.filter(|(beginning, _)| key.starts_with(beginning));
        let mood = spoiled.map_or(*self.mood.lock().unwrap(), |(_, mood)| mood);
        match mood {
            Mood::Well => Ok(()),
            Mood::Slow(how) => {
                tokio::time::sleep(how).await;
                Ok(())
            }
            Mood::Dead => std::future::pending().await,
            Mood::Refuses => refused(ErrorClass::Denied, "Access Denied"),
            Mood::Throttles => refused(ErrorClass::Throttled, "Slow down"),
        }
    }
}

impl Objects for Bucket {
    fn put<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
        when: When,
    ) -> BoxFuture<'a, Result<Put, ProviderError>> {
        Box::pin(async move {
            assert_eq!(self.under_way.fetch_add(1, Ordering::SeqCst), 0, "one put at a time");
            let _until_it_is_over = UnderWay(&self.under_way);
            self.answers(key).await?;
            let mut kept = self.kept.lock().unwrap();
            if when == When::Absent && kept.contains_key(key) {
                return Ok(Put::Taken);
            }
            self.puts.fetch_add(1, Ordering::SeqCst);
            kept.insert(key.to_owned(), bytes.to_vec());
            Ok(Put::Done)
        })
    }

    fn get<'a>(
        &'a self,
        key: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, ProviderError>> {
        Box::pin(async move {
            self.answers(key).await?;
            let kept = self.kept(key);
            if kept.as_ref().is_some_and(|kept| kept.len() > limit) {
                return Err(ProviderError {
                    doing: format!("getting {key}"),
                    class: ErrorClass::Failed,
                    code: None,
                    message: format!("it has more than {limit} bytes"),
                });
            }
            Ok(kept)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), ProviderError>> {
        Box::pin(async move {
            self.answers(key).await?;
            self.kept.lock().unwrap().remove(key);
            Ok(())
        })
    }

    fn keys<'a>(
        &'a self,
        beginning: &'a str,
        at_most: usize,
    ) -> BoxFuture<'a, Result<Vec<String>, ProviderError>> {
        Box::pin(async move {
            self.lists.fetch_add(1, Ordering::SeqCst);
            self.answers(beginning).await?;
            Ok(self.keys_of(beginning).into_iter().take(at_most).collect())
        })
    }
}

fn now() -> FixedClock {
    FixedClock("2026-11-21T10:00:00Z".parse().unwrap())
}

/// A process that lives: this one's parent does.
fn holder(user: &str, host: &str) -> Holder {
    let this = Holder::this_process(user, "recover", &now());
    Holder { host: host.to_owned(), pid: 1, ..this }
}

/// So many steps, of a second each.
pub(crate) fn scene(steps: usize) -> Scene {
    let words = |n: usize| vec![format!("step-{n}")];
    let run = |n| job(Action::Run { words: words(n), surroundings: Surroundings::default() }, "");
    Scene::new((0..steps).map(run).collect(), World::default())
}

/// Commands the run and copies its journal; how it ended, how long it took, and how long its end did.
pub(crate) async fn commanded(
    scene: &Scene,
    bucket: &Arc<Bucket>,
    heard: &Arc<Heard>,
    taken_over: &[TakenOver],
) -> (Ended, Duration, Duration) {
    let objects: Arc<dyn Objects> = bucket.clone();
    let claim = Claim::new(Arc::clone(&objects), holder("ann", "here"));
    let claimed = claim.take(TakeOver::OfTheDead, &now()).await.unwrap();
    let (stop, interrupt) = watch::channel(false);
    let written = watch::Sender::default();
    let folder = scene.folder();
    let so_far = folder.read().unwrap();
    let copy = JournalCopy {
        objects,
        run: "r1".to_owned(),
        url: "s3://far/runs/r1".to_owned(),
        folder: folder.clone(),
        begun_before: so_far.is_some(),
        claimed: matches!(claimed, Claimed::Ours(_)),
        claim,
        reporter: heard.clone(),
        stop,
    };
    let copying = copy.begin(written.subscribe());
    let command = Command {
        begun: &scene.begun,
        folder: &folder,
        performer: &scene.world,
        parallelism: 4,
        patience: Patience::Leave,
        interrupt,
        taken_over,
        written: &written,
        clock: scene.clock.as_ref(),
        reporter: &scene.heard,
        hooks: &NoHooks,
    };
    let began = Instant::now();
    let ended = match so_far {
        Some(so_far) => commander::resume(&command, so_far).await.unwrap(),
        None => commander::begin(&command).await.unwrap(),
    };
    let took = began.elapsed();
    let whole = *written.borrow();
    drop(written);
    copying.finish(whole).await;
    (ended, took, began.elapsed() - took)
}

#[tokio::test(start_paused = true)]
async fn the_journal_is_copied_as_it_grows_and_whole_at_the_end() {
    let (scene, bucket, heard) = (scene(6), Bucket::new(Mood::Well), Arc::default());
    let (ended, ..) = commanded(&scene, &bucket, &heard, &[]).await;
    assert!(matches!(ended, Ended::Over(outcome) if outcome.is_success()));
    let copied = fetch(bucket.as_ref(), "r1").await.unwrap().unwrap();
    assert_eq!(copied, std::fs::read(scene.folder().journal()).unwrap());
    assert_eq!(bucket.kept(LOCK_KEY), None, "the lock is let go of");
    assert_eq!(heard.all(), Vec::<String>::new());
    let puts = bucket.puts.load(Ordering::SeqCst);
    assert!((4..13).contains(&(puts - 6)), "{puts} puts for 13 lines and 6 texts: lines go together");
}

#[tokio::test(start_paused = true)]
async fn no_bucket_keeps_a_run_waiting_and_what_is_not_copied_is_told_once() {
    let well = commanded(&scene(6), &Bucket::new(Mood::Well), &Arc::default(), &[]).await.1;
    for mood in [Mood::Dead, Mood::Refuses, Mood::Throttles, Mood::Slow(Duration::from_secs(60))] {
        let (scene, bucket, heard) = (scene(6), Bucket::new(Mood::Well), Arc::<Heard>::default());
        let spoil = async {
            tokio::time::sleep(Duration::from_millis(2500)).await;
            bucket.set(mood);
        };
        let ((ended, took, end), ()) = tokio::join!(commanded(&scene, &bucket, &heard, &[]), spoil);
        assert!(matches!(ended, Ended::Over(outcome) if outcome.is_success()));
        assert_eq!(took, well, "as fast as with a bucket that is well");
        assert!(end <= Duration::from_secs(5), "{end:?}");
        let whole = std::fs::read(scene.folder().journal()).unwrap();
        assert_eq!(beside(&whole, &bucket.kept(&key("r1")).unwrap()), Beside::Behind);
        let told = heard.all();
        let count = |what: &str| told.iter().filter(|line| line.contains(what)).count();
        assert!(count("is NOT copied") <= 1, "{told:?}");
        assert_eq!(count("THE COPY IS NOT WHOLE: it lacks the last"), 1, "{told:?}");
        assert_eq!(count("The lock beside the copy could not be taken away"), 1, "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_dead_from_the_beginning_costs_a_moment_and_a_warning() {
    let (scene, bucket, heard) = (scene(3), Bucket::new(Mood::Dead), Arc::<Heard>::default());
    let claim = Claim::new(bucket.clone(), holder("ann", "here"));
    let began = Instant::now();
    let claimed = claim.take(TakeOver::OfTheDead, &now()).await.unwrap();
    assert!(matches!(claimed, Claimed::Unknown(error) if error.class == ErrorClass::Timeout));
    assert!(began.elapsed() <= Duration::from_secs(4));
    let (ended, took, _) = commanded(&scene, &bucket, &heard, &[]).await;
    assert!(matches!(ended, Ended::Over(outcome) if outcome.is_success()));
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert!(heard.all().join("\n").contains("nothing of the journal was copied"), "{:?}", heard.all());
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_comes_back_is_told_and_has_everything_and_the_lock() {
    let (scene, bucket, heard) = (scene(20), Bucket::new(Mood::Refuses), Arc::<Heard>::default());
    let mend = async {
        tokio::time::sleep(Duration::from_secs(8)).await;
        bucket.set(Mood::Well);
        tokio::time::sleep(Duration::from_secs(9)).await;
        assert!(bucket.kept(LOCK_KEY).is_some(), "it is taken when it can be");
    };
    let (_, ()) = tokio::join!(commanded(&scene, &bucket, &heard, &[]), mend);
    assert_eq!(bucket.kept(&key("r1")), std::fs::read(scene.folder().journal()).ok());
    assert_eq!(bucket.kept(LOCK_KEY), None);
    let told = heard.all();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("is NOT copied to s3://far/runs/r1: asking: Access Denied"), "{told:?}");
    assert!(told[1].contains("is copied to s3://far/runs/r1 again"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn who_is_taken_over_starts_nothing_new_and_writes_nothing_over() {
    for elsewhere_is_over in [false, true] {
        let (scene, bucket, heard) = (scene(30), Bucket::new(Mood::Well), Arc::<Heard>::default());
        let other = async {
            tokio::time::sleep(Duration::from_millis(5500)).await;
            let claim = Claim::new(bucket.clone(), holder("bea", "there"));
            let held = claim.take(TakeOver::Asked, &now()).await.unwrap();
            let Claimed::Ours(Held { from: Some(from) }) = held else { panic!("{held:?}") };
            assert!(from.starts_with("ann@here, process 1, `recover`"), "{from}");
            let mut text = fetch(bucket.as_ref(), "r1").await.unwrap().unwrap();
            text.extend(b"what bea did\n");
            bucket.put(&key("r1"), &text, When::Always).await.unwrap();
            if elsewhere_is_over {
                bucket.delete(LOCK_KEY).await.unwrap();
            }
            text
        };
        let ((ended, took, _), text) = tokio::join!(commanded(&scene, &bucket, &heard, &[]), other);
        assert!(matches!(ended, Ended::Over(outcome) if outcome.interrupted));
        assert!(took < Duration::from_secs(10), "{took:?}");
        assert_eq!(bucket.kept(&key("r1")), Some(text), "what the other one did stands");
        let told = heard.all();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("ANOTHER MACHINE COMMANDS"), "{told:?}");
        assert_eq!(bucket.kept(LOCK_KEY).is_some(), !elsewhere_is_over, "the lock is not ours to take away");
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_long_step_learns_soon_that_another_one_commands() {
    let (mut scene, bucket, heard) = (scene(1), Bucket::new(Mood::Well), Arc::<Heard>::default());
    let wait = scene.begun.jobs.values_mut().next().unwrap();
    wait.carried.action = Action::Wait { seconds: 600 };
    wait.carried.timeout_s = 900;
    let other = async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let claim = Claim::new(bucket.clone(), holder("bea", "there"));
        claim.take(TakeOver::Asked, &now()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(heard.all().join("").contains("ANOTHER MACHINE COMMANDS: bea@there"), "{:?}", heard.all());
    };
    tokio::join!(commanded(&scene, &bucket, &heard, &[]), other);
}

#[tokio::test(start_paused = true)]
async fn of_two_commanders_one_learns_who_the_other_is_and_the_dead_are_taken_over() {
    let bucket = Bucket::new(Mood::Well);
    let claim = |holder: Holder| Claim::new(bucket.clone(), holder);
    let ours = |from: Option<String>| Claimed::Ours(Held { from });
    let ann = claim(holder("ann", "here").of_run("r1"));
    assert_eq!(ann.take(TakeOver::OfTheDead, &now()).await.unwrap(), ours(None));
    // The answer to the first try may have been lost.
    assert_eq!(ann.take(TakeOver::OfTheDead, &now()).await.unwrap(), ours(None));
    let bea = claim(holder("bea", "there"));
    let refused = bea.take(TakeOver::OfTheDead, &now()).await.unwrap_err();
    assert!(matches!(&refused, LockError::Locked { holder: Some(h), .. } if h.user == "ann"));
    assert!(refused.to_string().ends_with("since 2026-11-21T10:00:00Z, run r1"), "{refused}");

    // A process of this machine whose number is nobody's any more.
    let gone = Holder { pid: i32::MAX as u32, ..Holder::this_process("cy", "recover", &now()) };
    bucket.put(LOCK_KEY, &serde_json::to_vec(&gone).unwrap(), When::Always).await.unwrap();
    let from = Some(gone.to_string());
    assert_eq!(bea.take(TakeOver::OfTheDead, &now()).await.unwrap(), ours(from));
    // Of one elsewhere nobody can tell; and what nobody can read is not taken over unasked either.
    for other in [serde_json::to_vec(&Holder { host: "far".into(), ..gone }).unwrap(), b"{".to_vec()] {
        bucket.put(LOCK_KEY, &other, When::Always).await.unwrap();
        assert!(bea.take(TakeOver::OfTheDead, &now()).await.is_err());
        assert!(matches!(
            bea.take(TakeOver::Asked, &now()).await.unwrap(),
            Claimed::Ours(Held { from: Some(_) })
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn a_take_over_stands_in_the_journal() {
    let (scene, bucket) = (scene(1), Bucket::new(Mood::Well));
    let taken = TakenOver { by: "bea".to_owned(), from: "ann".to_owned() };
    commanded(&scene, &bucket, &Arc::default(), &[taken]).await;
    let run = scene.folder().read().unwrap().unwrap();
    assert_eq!(run.events[0].1, Event::TakenOver { by: "bea".to_owned(), from: "ann".to_owned() });
}

#[test]
fn a_copy_and_what_is_here_are_compared_line_by_line() {
    for (here, copy, expected) in [
        ("a\nb\n", "a\n", Beside::Behind),
        ("a\nb\n", "a\nb\n", Beside::Behind),
        ("a\n", "a\nb\n", Beside::Ahead),
        ("a\nto", "a\nb\n", Beside::Ahead),
        ("", "a\n", Beside::Ahead),
        ("a\nc\n", "a\nb\n", Beside::Apart),
        ("a\nc\n", "a\nb\nc\n", Beside::Apart),
    ] {
        assert_eq!(beside(here.as_bytes(), copy.as_bytes()), expected, "{here:?} {copy:?}");
    }
}
