//! rbk, killed with SIGKILL at random moments until its run ends: what happened to the world is what was promised.
//!
//! Each round begins a run of `ledger/torture.rbk`, whose effects append to a ledger outside of rbk, kills it
//! after a random time, goes on with it (or takes it back), kills that too, and so on; at last it is left alone.
//! Then each effect happened exactly once; or, where the run was taken back, each that happened was taken back
//! exactly once, newest first. Where only a person can say what happened, the test says what the ledger says.
//!
//! `RBK_TORTURE_KILLS` and `RBK_TORTURE_SECONDS` bound it, `RBK_TORTURE_SEED` repeats a run of it (as far as the
//! scheduler lets it). Figures: `cargo test --test torture -- --nocapture`.

#![allow(clippy::unwrap_used, missing_docs)]

mod ledger;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ledger::{Told, Wanted, World};
use rbk::journal::store::Standing;
use rbk::journal::{Entry, Recorded};

const BOOK: &str = include_str!("ledger/torture.rbk");

const WANTED: Wanted<'_> = Wanted {
    stages: &[
        &["first"],
        &["loop-1"],
        &["loop-2"],
        &["loop-3"],
        &["left", "right-1", "right-2"],
        &["beside-1", "beside-2", "beside-3"],
        &["flaky"],
        &["keyed"],
        &["blind"],
        &["last"],
    ],
    chains: &[&["right-1", "right-2"]],
};

/// Numbers that a seed gives, always the same (splitmix64, Steele and others 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// What is counted.
#[derive(Default)]
struct Figures {
    kills: BTreeMap<&'static str, usize>,
    /// Of the commands that were left alone or killed.
    commands: BTreeMap<&'static str, usize>,
    endings: BTreeMap<String, usize>,
    asked: usize,
    decided: BTreeMap<String, usize>,
}

/// Where in its story a run was when it was killed.
fn phase(entries: &[Entry]) -> &'static str {
    let mut under_way = 0_i32;
    let mut rolling = false;
    let mut in_compensation = 0_i32;
    for entry in entries {
        match &entry.event {
            Recorded::Intent { .. } => under_way += 1,
            Recorded::Outcome { .. } | Recorded::Decided { .. } => under_way -= 1,
            Recorded::RollbackBegan { .. } => rolling = true,
            Recorded::CompensationBegan { .. } => in_compensation += 1,
            Recorded::CompensationEnded { .. } => in_compensation -= 1,
            _ => {}
        }
    }
    match entries.last().map(|entry| &entry.event) {
        Some(Recorded::Ended(_)) => "after the end",
        Some(Recorded::Resumed { .. }) => "while going on",
        _ if in_compensation > 0 => "in a compensation",
        _ if rolling => "between compensations",
        _ if under_way > 0 => "during an effect",
        _ => "between effects",
    }
}

/// What is typed next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Begin,
    Resume,
    Rollback,
}

impl Next {
    fn name(self) -> &'static str {
        match self {
            Self::Begin => "run",
            Self::Resume => "resume",
            Self::Rollback => "rollback",
        }
    }
}

/// One run, from its beginning to its end.
struct Round<'a> {
    world: World,
    dice: Dice,
    figures: &'a Mutex<Figures>,
    kills: &'a AtomicUsize,
    fails: bool,
    answers: Vec<String>,
}

impl Round<'_> {
    fn arguments(&self, next: Next) -> Vec<String> {
        let mut arguments = vec![next.name().to_owned()];
        if next == Next::Begin {
            arguments.extend(["book.rbk".to_owned(), format!("-pfails={}", self.fails)]);
        } else {
            arguments.extend(self.answers.iter().cloned());
        }
        arguments
    }

    /// Starts it and kills it after a while; `Some` if it was quicker.
    fn killed(&mut self, next: Next, after: Duration) -> Option<Told> {
        let arguments = self.arguments(next);
        *self.figures.lock().unwrap().commands.entry(next.name()).or_default() += 1;
        let mut child = self.world.rbk(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).spawn().unwrap();
        let begun = Instant::now();
        while begun.elapsed() < after {
            if let Some(status) = child.try_wait().unwrap() {
                return Some(Told { code: status.code(), text: self.world.said() });
            }
            std::thread::sleep(Duration::from_millis(1).min(after.saturating_sub(begun.elapsed())));
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        if status.code().is_some() {
            return Some(Told { code: status.code(), text: self.world.said() });
        }
        self.kills.fetch_add(1, Ordering::Relaxed);
        let phase = self.world.record().map_or("before the record", |(entries, _)| phase(&entries));
        *self.figures.lock().unwrap().kills.entry(phase).or_default() += 1;
        None
    }

    /// Runs it to its end, whatever happens.
    fn to_the_end(&self, next: Next) -> Told {
        *self.figures.lock().unwrap().commands.entry(next.name()).or_default() += 1;
        self.world.ended(&self.arguments(next).iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// An operator looks at the target, and answers what is asked.
    fn look(&mut self) {
        self.world.until_still();
        self.answers = self.world.truth();
        self.figures.lock().unwrap().asked += 1;
    }

    fn play(&mut self) -> Result<(), String> {
        let mut kills_left = 1 + self.dice.below(7);
        let (mut next, mut held) = (Next::Begin, 0);
        loop {
            let told = if kills_left > 0 {
                kills_left -= 1;
                // Soon after it has begun, or anywhere.
                let range = if self.dice.below(3) == 0 { 80 } else { 600 };
                let after = Duration::from_micros(self.dice.below(range * 1000));
                self.killed(next, after)
            } else {
                Some(self.to_the_end(next))
            };
            match told {
                None if self.world.record().is_none() => {
                    if !self.world.ledger().is_empty() {
                        return Err("something happened that is not on record".to_owned());
                    }
                }
                None => {
                    // What somebody saw before that need not be true any more.
                    self.answers.clear();
                    if next == Next::Begin {
                        next = Next::Resume;
                    }
                    if self.dice.below(8) == 0 {
                        next = Next::Rollback;
                    }
                }
                // Nobody is here who knows: the run pauses, or the rollback leaves it.
                Some(told) if told.code == Some(5) => {
                    self.nothing_is_alive(&told)?;
                    self.look();
                    next = if next == Next::Begin { Next::Resume } else { next };
                }
                Some(told) if told.code == Some(4) && told.text.contains("nobody is here to answer") => {
                    self.nothing_is_alive(&told)?;
                    self.look();
                    next = Next::Rollback;
                }
                // Who holds the record is gone, and what it had just forked is not yet another program.
                Some(told) if told.code == Some(6) && told.text.contains("is running") => {
                    held += 1;
                    if held > 5 {
                        return Err(format!("its record is held: {}", told.text));
                    }
                }
                // The kill came too late for it: it is over.
                Some(told) if told.code == Some(2) && next != Next::Begin => return self.is_over(None),
                Some(told) => return self.is_over(Some(&told)),
            }
        }
    }

    fn nothing_is_alive(&self, told: &Told) -> Result<(), String> {
        let alive = self.world.alive();
        if alive.is_empty() { Ok(()) } else { Err(format!("still alive after {:?}: {alive:?}", told.code)) }
    }

    /// What is left is what was promised.
    fn is_over(&self, told: Option<&Told>) -> Result<(), String> {
        let (entries, standing) = self.world.record().unwrap();
        let Standing::Ended(status) = standing else { return Err(format!("it stands as {standing:?}: {told:?}")) };
        if let Some(told) = told {
            self.nothing_is_alive(told)?;
            let honest = matches!((told.code, status.as_str()), (Some(0), "succeeded") | (Some(3), "rolled back"));
            if !honest {
                return Err(format!("it ended with {:?} as {status}:\n{}", told.code, told.text));
            }
        }
        let ledger = self.world.ledger();
        match status.as_str() {
            "succeeded" if !self.fails => WANTED.was_done(&ledger)?,
            "rolled back" => WANTED.was_taken_back(&ledger, &entries)?,
            other => return Err(format!("it ended as {other}")),
        }
        for again in ["resume", "rollback"] {
            let told = self.world.ended(&[again]);
            if told.code != Some(2) {
                return Err(format!("rbk {again} after the end: {told:?}"));
            }
        }
        if self.world.ledger() != ledger {
            return Err(format!("something happened after the end: {:?}", self.world.ledger()));
        }
        let mut figures = self.figures.lock().unwrap();
        *figures.endings.entry(status).or_default() += 1;
        for entry in &entries {
            if let Recorded::Decided { by, verdict, .. } = &entry.event {
                *figures.decided.entry(format!("{verdict:?} by {by}")).or_default() += 1;
            }
        }
        Ok(())
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn killed_at_random_moments_a_run_does_what_it_promises() {
    let seed = setting("RBK_TORTURE_SEED", jiff::Timestamp::now().as_nanosecond() as u64);
    let (most, limit) = (setting("RBK_TORTURE_KILLS", 300), setting("RBK_TORTURE_SECONDS", 25));
    println!("RBK_TORTURE_SEED={seed}");
    let begun_at = Instant::now();
    let (figures, kills, rounds) = (Mutex::new(Figures::default()), AtomicUsize::new(0), AtomicUsize::new(0));
    let wrong: Mutex<Vec<String>> = Mutex::default();
    let work = || {
        while kills.load(Ordering::Relaxed) < most as usize
            && begun_at.elapsed() < Duration::from_secs(limit)
            && wrong.lock().unwrap().is_empty()
        {
            let number = rounds.fetch_add(1, Ordering::Relaxed) as u64;
            let mut dice = Dice(seed.wrapping_add(number.wrapping_mul(0x5851_f42d_4c95_7f2d)));
            let fails = dice.below(2) == 0;
            let world = World::new(BOOK, "sleep 0.005");
            let mut round = Round { world, dice, figures: &figures, kills: &kills, fails, answers: Vec::new() };
            if let Err(what) = round.play() {
                let (ledger, said) = (round.world.ledger().join("\n  "), round.world.said());
                let record = round.world.record().map_or_else(String::new, |(entries, _)| {
                    let lines = entries.iter().map(|entry| serde_json::to_string(entry).unwrap());
                    lines.collect::<Vec<_>>().join("\n  ")
                });
                let text =
                    format!("round {number}: {what}\nledger:\n  {ledger}\nrecord:\n  {record}\nlast said:\n{said}");
                wrong.lock().unwrap().push(text);
            }
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    let figures = figures.into_inner().unwrap();
    let (rounds, kills) = (rounds.into_inner(), kills.into_inner());
    println!("{kills} kills in {rounds} runs, {:.1} s", begun_at.elapsed().as_secs_f64());
    println!("  killed:    {:?}", figures.kills);
    println!("  commands:  {:?}", figures.commands);
    println!("  endings:   {:?}", figures.endings);
    println!("  in doubt:  {:?}; a person was asked {} times", figures.decided, figures.asked);
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(kills > 20, "only {kills} kills: nothing is shown by that");
}
