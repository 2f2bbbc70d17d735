//! A panic is a bug of ours: it is told in words, leaves no process behind, and ends with an exit code of its own.

use std::panic::PanicHookInfo;

use super::{prompt, terminal};
use crate::{host, mask, runtime};

/// A bug in rbk itself.
pub(super) const BUG: i32 = 70;

/// From here on a panic, on whatever thread, ends the process as the module says.
pub fn report_bugs() {
    std::panic::set_hook(Box::new(|panic| {
        // In this order: whatever fails in the telling, nothing goes on unseen.
        host::real::kill_all_started();
        prompt::give_the_terminal_back();
        terminal::say_at_once(&hidden(&told(panic, runtime::last_words())));
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|wanted| wanted != "0") {
            terminal::say_at_once(&hidden(&std::backtrace::Backtrace::force_capture().to_string()));
        }
        std::process::exit(BUG);
    }));
}

fn told(panic: &PanicHookInfo<'_>, armed: Option<Vec<String>>) -> String {
    let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
    let what = panic.payload();
    let what = what.downcast_ref::<&str>().copied().or_else(|| what.downcast_ref::<String>().map(String::as_str));
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("\nrbk: this is a bug in rbk {version}{place}: {}\n", what.unwrap_or("no message"));
    if let Some(armed) = armed {
        text.push_str(
            "What ran until here was done; the step that ran just now is in doubt, and its processes were killed.\n",
        );
        if armed.is_empty() {
            text.push_str("Nothing was taken back, and nothing was armed: look at the last lines above.\n");
        } else {
            text.push_str("Nothing was taken back. To go back, do this by hand, from the top:\n");
            text.extend(armed.iter().map(|line| format!("  · {line}\n")));
        }
    }
    text.push_str("Please report it with the lines above and the runbook.");
    text
}

/// Without secrets. The one who holds them just now may be the one who cannot go on: then nothing of it is told.
fn hidden(text: &str) -> String {
    match mask::of_process() {
        Some(mask) => {
            mask.try_hide(text).unwrap_or_else(|| "\nrbk: this is a bug in rbk; it cannot be told safely".to_owned())
        }
        None => text.to_owned(),
    }
}
