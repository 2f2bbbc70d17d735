//! What is typed at a stop in the language: looked at, run, put on record.

use super::show;
use super::stepper::Stepper;
use crate::analysis::typed::{For, Typed, Wrong};
use crate::cli::prompt::Typed as Read;
use crate::diag::render;
use crate::report::{Ink, paint};
use crate::runtime::steer::{Go, Held, Ran};
use crate::value::Value;

impl Stepper {
    /// The value of what only computes, or why there is none, in one line.
    pub(super) fn looked_at(&self, held: &mut Held<'_>, text: &str) -> Result<Value, String> {
        let first = |wrong: &Wrong| wrong.diagnostics.first().map_or_else(String::new, |first| first.message.clone());
        match held.read(text, For::Looking) {
            None => Err("nothing can be typed into this run".to_owned()),
            Some(Err(wrong)) => Err(first(&wrong)),
            Some(Ok(typed)) if typed.effect.is_some() => {
                Err("it reads from the world: type p in front of it".to_owned())
            }
            Some(Ok(typed)) => match held.value(&typed) {
                Ok(value) => Ok(value.unwrap_or(Value::Null)),
                Err(failure) => Err(failure.message().to_owned()),
            },
        }
    }

    pub(super) async fn print(&self, held: &mut Held<'_>, text: &str) -> Option<Go> {
        let typed = self.reads(held, text.to_owned(), For::Looking).await?;
        self.run(held, &typed.0, &typed.1, For::Looking).await
    }

    pub(super) async fn language(&self, held: &mut Held<'_>, text: String, wanted: For) -> Option<Go> {
        let (text, typed) = self.reads(held, text, wanted).await?;
        if wanted == For::Running && !text.starts_with("note ") {
            self.keep(&text);
        }
        self.run(held, &text, &typed, wanted).await
    }

    /// Reads a text, with more lines as long as something in it is open.
    pub(super) async fn reads(&self, held: &mut Held<'_>, mut text: String, wanted: For) -> Option<(String, Typed)> {
        loop {
            if held.holds_secret(&text) {
                self.hint("this holds a secret, and what is typed is put on record: write the secret's name instead");
                return None;
            }
            let is_open = text.ends_with('\\');
            match held.read(&text, wanted) {
                None => {
                    self.hint("nothing can be typed into this run");
                    return None;
                }
                Some(Ok(typed)) if !is_open => return Some((text, typed)),
                Some(Err(wrong)) if !is_open && !wrong.is_unfinished() => {
                    self.wrong(&wrong);
                    return None;
                }
                Some(_) => match self.console.ask("… ", &held.cancel()).await {
                    Some(Read::Text(more)) => text = format!("{text}\n{more}"),
                    _ => return None,
                },
            }
        }
    }

    pub(super) async fn run(&self, held: &mut Held<'_>, text: &str, typed: &Typed, wanted: For) -> Option<Go> {
        let only_computes = typed.effect.is_none() && typed.program.body.body.is_empty() && !typed.declares;
        if !only_computes {
            self.telling.is_typed(true);
            let ran = held.run_typed(text, wanted == For::Setting, typed).await;
            self.telling.is_typed(false);
            if !matches!(ran, Ran::Done) {
                return Self::went(&ran);
            }
        }
        match held.value(typed) {
            Ok(None) if wanted == For::Setting => self.was_set(held, text),
            Ok(None) => {}
            Ok(Some(Value::Null)) if !only_computes => {}
            Ok(Some(value)) => {
                let shown = show::value(&value);
                let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let names = held.names();
                let origin = names.iter().rev().find(|known| *known.info.name == *name);
                match origin.filter(|_| !self.console.is_script() && !shown.contains('\n')) {
                    Some(name) => {
                        let origin = paint(self.console.style(), Ink::Dim, &show::origin(held, name));
                        self.console.data(&format!("{shown:<8} {origin}"));
                    }
                    None => self.console.data(&shown),
                }
            }
            Err(failure) => self.hint(failure.message()),
        }
        None
    }

    /// The value that a name has now.
    fn was_set(&self, held: &Held<'_>, text: &str) {
        let name = text.split('=').next().unwrap_or_default().trim();
        if let Some(known) = held.names().iter().rev().find(|known| *known.info.name == *name) {
            self.say(&format!("   {name} = {}", show::value(&known.value)));
        }
    }

    /// Whether the run leaves the stop because of what was done.
    pub(super) fn went(ran: &Ran) -> Option<Go> {
        match ran {
            Ran::Done | Ran::Failed(_) => None,
            Ran::Left => Some(Go::On),
        }
    }

    pub(super) fn wrong(&self, wrong: &Wrong) {
        for diagnostic in &wrong.diagnostics {
            self.say(render(diagnostic, &wrong.sources, self.console.style()).trim_end());
        }
    }
}

/// A text as a literal of the language.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${"))
}
