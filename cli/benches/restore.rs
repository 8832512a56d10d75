//! The way from nothing to a server that answers, by drctl and by hand, in turn on the same data:
//! `cargo bench -p drctl --bench restore`, with nothing else on the machine. Stands on what
//! `providers/host/tests/setup` installs.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that prints its result")]

#[path = "../tests/support/machine.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod machine;
#[path = "../tests/backups/shop.rs"]
mod shop;

use std::time::{Duration, Instant};

use machine::{Machine, until};

/// An odd number, so that there is one in the middle.
const RUNS: usize = 3;

/// How many times 16 MB of data there are: enough that the copying takes longer than the starting of servers.
/// As much memory is needed three times over.
const SCALE: &str = "160";

fn main() {
    let machine = Machine::start();
    shop::configure(&machine);
    machine.ask("postgres", "create database shop");
    let filled = machine.run("pgbench", &["--quiet", "-i", "-s", SCALE, &machine.database("shop")]);
    assert!(filled.status.success(), "{filled:?}");
    machine.says(0, &["backup", "run", "wal"]);
    machine.archive();
    machine.destroy("data");
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(took(&machine, through_drctl));
        by_hand.push(took(&machine, through_pgbackrest));
    }
    ours.sort();
    by_hand.sort();
    let (ours, by_hand) = (ours[RUNS / 2], by_hand[RUNS / 2]);
    let ratio = by_hand.as_secs_f64() / ours.as_secs_f64();
    println!("by hand {by_hand:.2?}, by drctl {ours:.2?}: {ratio:.2} of the throughput (median of {RUNS})");
}

fn took(machine: &Machine, restore: fn(&Machine)) -> Duration {
    let began = Instant::now();
    restore(machine);
    let took = began.elapsed();
    machine.destroy("fresh");
    took
}

fn through_drctl(machine: &Machine) {
    machine.says(0, &["recover", "--scenario", "server-gone", "--execute", "--auto-approve"]);
}

fn through_pgbackrest(machine: &Machine) {
    let mut words = machine.options(&[]);
    words.extend([format!("--pg1-path={}", machine.path_of("fresh")), "restore".to_owned()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert!(machine.run("pgbackrest", &words).status.success());
    machine.serve("fresh");
    until("that the log is replayed", || machine.ask("postgres", "select pg_is_in_recovery()") == "f");
}
