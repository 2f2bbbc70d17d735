//! What helps whoever types: completion, hints and colours. It knows what is bound at the prompt as a copy, since lines
//! are read on a thread of their own.

use std::borrow::Cow;
use std::sync::Arc;

use super::command::WORDS;
use crate::catalog::Param;
use crate::report::outline::Outline;
use crate::report::sanitize;
use crate::runtime::steer::Held;
use crate::syntax::colours::{Piece, pieces};
use crate::value::{Value, display};
use crate::{functions, session};

/// Fields of values are known so deep, and so many of each.
const DEEP: usize = 3;
const MANY: usize = 200;

/// The value in a hint is cut here, in characters, and a whole hint here, in columns.
const SHORT: usize = 50;
const HINT: usize = 72;

/// A name and what is to be said about it.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Entry {
    /// The name, with the names before its dots: `pods.json.ready`.
    name: String,
    /// ` : int = 6`
    about: String,
    /// Of what can be called: its parameters.
    params: Vec<String>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Assist {
    /// Names, fields of values, actions, functions.
    entries: Vec<Entry>,
    /// Titles of steps.
    steps: Vec<String>,
    /// What `help` knows.
    topics: Arc<Vec<String>>,
    colour: bool,
}

impl Assist {
    /// At a stop.
    pub(super) fn at(held: &Held<'_>, outline: &Outline, topics: &Arc<Vec<String>>, colour: bool) -> Self {
        let mut entries = Vec::new();
        for name in held.names() {
            add_value(&mut entries, name.info.name.to_string(), &name.value, &name.info.ty.to_string(), DEEP);
        }
        for action in session::registry().iter() {
            let about = format!("({}) -> {}  {}", form(action.params), action.returns, action.effect);
            let params = action.params.iter().map(|param| param.name.to_owned()).collect();
            entries.push(Entry { name: action.name.to_owned(), about, params });
        }
        for action in held.declared().iter().flat_map(|program| &program.actions) {
            let own = action.frame.iter().take(action.params as usize);
            let params: Vec<String> = own.clone().map(|info| info.name.to_string()).collect();
            let forms: Vec<String> = own.map(|info| format!("{}: {}", info.name, info.ty)).collect();
            let about = format!("({})  {}", forms.join(", "), action.effect);
            entries.push(Entry { name: action.name.to_string(), about, params });
        }
        for function in functions::all().filter(|function| !function.method) {
            let params: Vec<String> = function.params.iter().map(|param| param.name.to_owned()).collect();
            let about = format!("({}) -> {}", params.join(", "), function.returns);
            entries.push(Entry { name: function.name.to_owned(), about, params: Vec::new() });
        }
        let steps = outline.items.iter().filter(|item| item.kind != "phase").map(|item| item.name.to_string());
        Self { entries, steps: steps.collect(), topics: Arc::clone(topics), colour }
    }

    /// What may stand at the end of a line: where the word that is completed begins, and the words.
    pub(in crate::cli) fn complete(&self, line: &str) -> (usize, Vec<String>) {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let behind = line.len() - rest.len();
        if line.contains(' ') && ["c", "continue", "b", "break"].contains(&first) {
            let wanted = rest.to_lowercase();
            let steps = self.steps.iter().filter(|step| step.to_lowercase().starts_with(&wanted));
            return (behind, steps.cloned().collect());
        }
        if line.contains(' ') && ["h", "help"].contains(&first) {
            let topics = self.topics.iter().filter(|topic| topic.starts_with(rest));
            return (behind, topics.cloned().collect());
        }
        let start = word_start(line);
        let word = &line[start..];
        let mut found: Vec<String> = Vec::new();
        if let Some(entry) = self.called(line, start) {
            let params = entry.params.iter().filter(|param| param.starts_with(word));
            found.extend(params.map(|param| format!("{param}: ")));
        }
        if start == 0 {
            let words = WORDS.iter().flat_map(|command| command.words.iter());
            found.extend(words.filter(|command| command.starts_with(word)).map(|command| (*command).to_owned()));
        }
        let depth = word.matches('.').count();
        let level = |name: &str| {
            let mut dots = name.match_indices('.');
            dots.nth(depth).map_or(name.len(), |(at, _)| at)
        };
        let names = self.entries.iter().filter(|entry| entry.name.starts_with(word));
        found.extend(names.map(|entry| entry.name[..level(&entry.name)].to_owned()));
        found.sort();
        found.dedup();
        (start, found)
    }

    /// What is known about the word at the end of a line.
    pub(in crate::cli) fn hint(&self, line: &str) -> Option<String> {
        self.about(line).map(|about| sanitize::clip(&sanitize::line(&about), HINT).into_owned())
    }

    fn about(&self, line: &str) -> Option<String> {
        let start = word_start(line);
        let word = &line[start..];
        if word.is_empty() {
            return self.called(line, start).filter(|_| line.ends_with('(')).map(|entry| entry.about[1..].to_owned());
        }
        let known = self.entries.iter().find(|entry| entry.name == word)?;
        Some(known.about.clone())
    }

    /// What is called where a word stands, by the last bracket that is open.
    fn called(&self, line: &str, start: usize) -> Option<&Entry> {
        let mut depth = 0_usize;
        for (at, c) in line[..start].char_indices().rev() {
            match c {
                ')' => depth += 1,
                '(' if depth > 0 => depth -= 1,
                '(' => {
                    let name = &line[word_start(&line[..at])..at];
                    return self.entries.iter().find(|entry| entry.name == name && entry.about.starts_with('('));
                }
                _ => {}
            }
        }
        None
    }

    /// A line in the colours of the language.
    pub(in crate::cli) fn highlight<'l>(&self, line: &'l str) -> Cow<'l, str> {
        if !self.colour || line.is_empty() {
            return Cow::Borrowed(line);
        }
        let mut out = String::with_capacity(line.len() * 2);
        let mut done = 0;
        for (range, piece) in pieces(line) {
            let code = match piece {
                Piece::Word => "1",
                Piece::Text => "32",
                Piece::Number => "36",
                Piece::Command => "33",
                Piece::Comment => "2",
            };
            if !line.is_char_boundary(range.start) || !line.is_char_boundary(range.end) {
                continue;
            }
            out.push_str(&line[done..range.start]);
            out.extend(["\u{1b}[", code, "m", &line[range.start..range.end], "\u{1b}[0m"]);
            done = range.end;
        }
        out.push_str(&line[done..]);
        Cow::Owned(out)
    }

    /// A hint, less loud than what is typed.
    pub(in crate::cli) fn dim<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.colour { Cow::Owned(format!("\u{1b}[2m{hint}\u{1b}[0m")) } else { Cow::Borrowed(hint) }
    }
}

fn form(params: &[Param]) -> String {
    let forms = params.iter().map(|param| {
        let default = param.default.map_or_else(String::new, |default| format!(" = {default}"));
        format!("{}: {}{default}", param.name, param.ty)
    });
    forms.collect::<Vec<_>>().join(", ")
}

fn add_value(entries: &mut Vec<Entry>, name: String, value: &Value, ty: &str, depth: usize) {
    let shown = display::inspect(value, SHORT).replace('\n', " ");
    entries.push(Entry { name: name.clone(), about: format!(": {ty} = {shown}"), params: Vec::new() });
    if depth == 0 {
        return;
    }
    match value {
        Value::Record(record) => {
            for (field, inner) in record.iter().take(MANY) {
                if field.chars().all(|c| c.is_alphanumeric() || c == '_') {
                    add_value(
                        entries,
                        format!("{name}.{field}"),
                        inner,
                        inner.kind().a().trim_start_matches("an ").trim_start_matches("a "),
                        depth - 1,
                    );
                }
            }
        }
        _ => {
            // What a command gave can be read as JSON too.
            if let Value::Str(text) = value
                && text.starts_with('{')
                && let Ok(tree) = serde_json::from_str::<serde_json::Value>(text)
            {
                add_value(entries, format!("{name}.json"), &crate::value::json::from_json(tree), "any", depth - 1);
            }
        }
    }
}

/// Where the word at the end of a text begins: a name, with dots in it.
fn word_start(text: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    text.char_indices().rev().take_while(|(_, c)| is_part(*c)).last().map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assist() -> Assist {
        let mut entries = Vec::new();
        let inner = Value::record([("ready", Value::Int(6)), ("total", Value::Int(7))]);
        let value = Value::record([("pods", inner), ("name", Value::from("shop"))]);
        add_value(&mut entries, "deploy".into(), &value, "record", DEEP);
        entries.push(Entry {
            name: "http.get".into(),
            about: "(url: url, headers: record = {}) -> record  reads".into(),
            params: vec!["url".into(), "headers".into()],
        });
        let topics = Arc::new(vec!["http.get".to_owned(), "step".to_owned()]);
        Assist { entries, steps: vec!["scale out".into(), "verify".into()], topics, colour: false }
    }

    #[test]
    fn knows_steps_names_fields_actions_and_parameters() {
        let of = |line: &str| assist().complete(line).1;
        assert_eq!(of("c sc"), ["scale out"]);
        assert_eq!(of("b ver"), ["verify"]);
        assert_eq!(of("help st"), ["step"]);
        assert_eq!(of("p dep"), ["deploy"]);
        assert_eq!(of("p deploy."), ["deploy.name", "deploy.pods"]);
        assert_eq!(of("p deploy.pods.r"), ["deploy.pods.ready"]);
        assert_eq!(of("let x = ht"), ["http"]);
        assert_eq!(of("http."), ["http.get"]);
        assert_eq!(of("http.get(he"), ["headers: "]);
        assert_eq!(of("pau"), ["pause"]);
        assert!(of("xyz").is_empty());
    }

    #[test]
    fn hints_say_the_type() {
        let of = |line: &str| assist().hint(line);
        assert_eq!(of("p deploy.pods.ready").as_deref(), Some(": int = 6"));
        assert_eq!(of("http.get(").as_deref(), Some("url: url, headers: record = {}) -> record  reads"));
        assert_eq!(of("p nothing"), None);
        assert_eq!(of(""), None);
    }
}
