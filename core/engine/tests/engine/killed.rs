//! A process that is really killed: its lock is free at once and its holder is named.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use drctl_engine::lock::{Holder, Lock};

use crate::world::clock;

/// Where the child finds the lock; without it, the child has nothing to do.
const LOCK: &str = "TOY_LOCK_OF_THE_CHILD";

#[tokio::test]
async fn child_that_takes_the_lock_and_kills_itself() {
    let Some(path) = std::env::var_os(LOCK) else { return };
    let holder = Holder::this_process("child", "apply", &clock());
    let _lock = Lock::acquire(Path::new(&path), &holder, Duration::ZERO, &clock()).await.unwrap();
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
    // The signal may take a moment; ending in order would free the lock and hide what is tested.
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_lock_of_a_killed_process_is_taken_over_and_the_process_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "killed::child_that_takes_the_lock_and_kills_itself"]).env(LOCK, &path);
    let mut child = child.spawn().unwrap();
    let pid = child.id();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    let me = Holder::this_process("ann", "apply", &clock());
    let lock = Lock::acquire(&path, &me, Duration::ZERO, &clock()).await.unwrap();
    let before = lock.taken_over.as_ref().unwrap();
    assert_eq!((before.user.as_str(), before.pid), ("child", pid));
}
