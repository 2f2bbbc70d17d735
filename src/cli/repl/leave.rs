//! Leaving and taking back: what is shown first, and asked.

use super::stepper::Stepper;
use crate::cli::prompt::Typed as Read;
use crate::report::sanitize;
use crate::runtime::steer::{Go, Held, Leaving, Stop};

impl Stepper {
    pub(super) async fn undo(&self, held: &mut Held<'_>, what: Option<&str>) -> Option<Go> {
        let armed = held.armed();
        if armed.is_empty() {
            self.hint("nothing is armed: there is nothing to take back");
            return None;
        }
        let count = match what {
            None => 1,
            Some("all") => armed.len(),
            Some(number) => match number.parse::<usize>() {
                Ok(count) if (1..=armed.len()).contains(&count) => count,
                _ => {
                    self.hint(&format!("undo takes how many, 1 to {}, or all", armed.len()));
                    return None;
                }
            },
        };
        for (number, line) in (1..).zip(armed.iter().take(count)) {
            self.say(&format!("  {number}. {}", sanitize::line(line)));
        }
        match armed.len() - count {
            0 => {}
            1 => self.say("  and 1 change before stays armed"),
            more => self.say(&format!("  and {more} changes before stay armed")),
        }
        if !self.confirms(held).await {
            self.say("   nothing was taken back");
            return None;
        }
        let ran = held.take_back(count).await;
        Self::went(&ran)
    }

    /// In a protected environment its name is typed out; elsewhere a yes is enough.
    pub(super) async fn confirms(&self, held: &Held<'_>) -> bool {
        let word = match held.environment() {
            (Some(environment), true) => environment.to_string(),
            _ => "yes".to_owned(),
        };
        let prompt = format!("type {word} to run it: ");
        let typed = self.console.ask(&prompt, &held.cancel()).await;
        matches!(typed, Some(Read::Text(text)) if text.trim() == word || word == "yes" && text.trim() == "y")
    }

    pub(super) async fn quit(&self, held: &mut Held<'_>) -> Option<Go> {
        if matches!(held.stop(), Stop::End(_)) {
            return Some(Go::On);
        }
        let armed = held.armed();
        let changes = match armed.len() {
            0 => "nothing".to_owned(),
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
        };
        self.say(&format!("   r  roll back: {changes} to take back"));
        self.say("   p  pause: rbk resume --step goes on here");
        self.say("   l  leave it as it stands");
        self.say("   n  no: stay");
        loop {
            let typed = self.console.ask("r, p, l or n: ", &held.cancel()).await?;
            let Read::Text(text) = typed else { return None };
            let how = match text.trim().to_lowercase().as_str() {
                "r" | "roll back" | "rollback" => Leaving::Rollback,
                "p" | "pause" => Leaving::Pause,
                "l" | "leave" => Leaving::Stand,
                "n" | "no" | "" => return None,
                _ => continue,
            };
            if how == Leaving::Rollback {
                for (number, line) in (1..).zip(&armed) {
                    self.say(&format!("  {number}. {}", sanitize::line(line)));
                }
                if !self.confirms(held).await {
                    self.say("   nothing was taken back");
                    return None;
                }
            } else {
                self.telling.leaves();
            }
            return Some(Go::Leave(how));
        }
    }
}
