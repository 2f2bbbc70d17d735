//! The window of a runbook's header: when it may begin.

use jiff::Timestamp;

use crate::runtime::{Unit, inputs};
use crate::value::window::Window;

/// A window that is closed, or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// In words.
    pub message: String,
    /// The window as it is written, if it could be read: then somebody may take the responsibility.
    pub window: Option<String>,
    /// What to type instead, where it could not be read.
    pub help: Option<String>,
}

/// Why a run may not begin at `now`. `None` if it may.
pub fn closed_window(unit: &Unit, now: Timestamp) -> Option<Closed> {
    let window = unit.program.header.window.as_ref()?;
    let text = match inputs::setting(unit, &window.value) {
        Ok(text) => text,
        Err(error) => return Some(Closed { message: error.message, window: None, help: error.help }),
    };
    match Window::parse(&text) {
        Ok(open) if open.contains(now) => None,
        Ok(closed) => {
            let next = closed.next_opening(now).map_or_else(String::new, |next| format!("; it opens {next}"));
            let message = format!("the window of this runbook is closed ({text}){next}");
            Some(Closed { message, window: Some(text), help: None })
        }
        Err(why) => {
            let place = unit.program.sources.place_line(window.value.span);
            Some(Closed { message: format!("{place}: {why}"), window: None, help: None })
        }
    }
}
