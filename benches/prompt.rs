//! From Enter to the next prompt of the stepper, after a pure expression, on a pseudo-terminal: `cargo bench --bench prompt`.
//!
//! What is measured is what somebody sees: from the key until the prompt is drawn anew below the value. 5 ms are promised.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/ledger/mod.rs"]
mod ledger;
#[path = "../tests/ledger/terminal.rs"]
mod terminal;

use std::time::{Duration, Instant};

use ledger::World;
use terminal::Terminal;

const BOOK: &str = "param copies: int = 3\n\nstep \"First\" {\n    $ ./effect do first\n}\n";

/// How often.
const TIMES: usize = 200;

fn main() {
    let world = World::new(BOOK, "");
    let mut terminal = Terminal::start(world.rbk(&["step", "book.rbk"]));
    terminal.until_prompt(1);
    let mut took: Vec<Duration> = (1..=TIMES)
        .map(|count| {
            // The line is there, and only Enter is missing.
            let typed = format!("p (copies + {count}) * 2");
            terminal.types(&typed);
            terminal.until("typed", || terminal.plain().trim_end().ends_with(&typed));
            let before = terminal.shown().len();
            // Below the line that Enter ends.
            let asked = |terminal: &Terminal| {
                let shown = terminal.shown();
                shown
                    .get(before..)
                    .and_then(|rest| rest.split_once('\n'))
                    .is_some_and(|(_, below)| below.contains("› "))
            };
            let begun = Instant::now();
            terminal.types("\r");
            while !asked(&terminal) {
                std::thread::sleep(Duration::from_micros(50));
                assert!(begun.elapsed() < Duration::from_secs(10), "{}", terminal.shown());
            }
            begun.elapsed()
        })
        .collect();
    took.sort();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)].as_secs_f64() * 1000.0;
    println!(
        "from Enter to the prompt, {TIMES} times: median {:.2} ms, 95 of 100 within {:.2} ms, all within {:.2} ms",
        at(50),
        at(95),
        at(100)
    );
}
