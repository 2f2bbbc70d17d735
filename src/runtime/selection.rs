//! Which parts of a runbook are to run: `--from`, `--until`, `--only`, and `rbk check`.

use std::cell::Cell;
use std::sync::Arc;

/// What was selected on the command line.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Begin with this one.
    pub from: Option<String>,
    /// End after this one.
    pub until: Option<String>,
    /// Only these.
    pub only: Vec<String>,
    /// Only checks.
    pub checks_only: bool,
    begun: Cell<bool>,
    over: Cell<bool>,
    met: Cell<bool>,
}

/// Everything.
impl Default for Selection {
    fn default() -> Self {
        Self::new(None, None, Vec::new(), false)
    }
}

impl Selection {
    /// What the command line says.
    pub fn new(from: Option<String>, until: Option<String>, only: Vec<String>, checks_only: bool) -> Self {
        let begun = Cell::new(from.is_none());
        let met = Cell::new(only.is_empty());
        Self { from, until, only, checks_only, begun, over: Cell::new(false), met }
    }

    /// Everything named in it, to be looked up before the run.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.from.iter().chain(&self.until).chain(&self.only).map(String::as_str)
    }

    /// Whether anything is named: then titles are worth computing.
    pub(super) fn names_any(&self) -> bool {
        self.names().next().is_some()
    }

    /// Whether a scope is to run. To be asked once for each, in order.
    pub(super) fn wants(&self, around: &[Arc<str>], title: &Title, inside_selected: bool) -> bool {
        if self.from.as_deref().is_some_and(|from| title.is_named(around, from)) {
            self.begun.set(true);
        }
        self.begun.get()
            && !self.over.get()
            && (self.only.is_empty() || inside_selected || self.names_scope(around, title))
    }

    /// Whether a scope is one of those named by `--only`.
    pub(super) fn names_scope(&self, around: &[Arc<str>], title: &Title) -> bool {
        let named = self.only.iter().any(|name| title.is_named(around, name));
        if named {
            self.met.set(true);
        }
        named
    }

    /// A scope is over.
    pub(super) fn ended(&self, around: &[Arc<str>], title: &Title) {
        if self.until.as_deref().is_some_and(|until| title.is_named(around, until)) {
            self.over.set(true);
        }
    }

    /// What was named and never came up, so that nothing was run: a title that depends on what was skipped.
    pub(super) fn never_met(&self) -> Option<&str> {
        match (&self.from, self.only.first()) {
            (Some(from), _) if !self.begun.get() => Some(from),
            (_, Some(only)) if !self.met.get() => Some(only),
            _ => None,
        }
    }
}

/// A title as far as it is known, to be compared with what somebody typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Title {
    pieces: Vec<Piece>,
    /// As it stands in the source, in lower case.
    written: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// A value that is not known.
    Anything,
}

impl Title {
    /// One in which every value is known.
    pub(super) fn known(text: &str) -> Self {
        let text = text.to_lowercase();
        Self { pieces: vec![Piece::Text(text.clone())], written: text }
    }

    /// Of texts and values, `None` for what is not known.
    pub(super) fn of(written: &str, pieces: impl IntoIterator<Item = Option<String>>) -> Self {
        let piece = |piece: Option<String>| piece.map_or(Piece::Anything, |text| Piece::Text(text.to_lowercase()));
        Self { pieces: pieces.into_iter().map(piece).collect(), written: written.to_lowercase() }
    }

    /// As it is written, with holes.
    pub fn written(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, hole)) = rest.split_once("${") {
            pieces.push(Some(before.to_owned()));
            let Some((_, after)) = hole.split_once('}') else { break };
            pieces.push(None);
            rest = after;
        }
        pieces.push(Some(rest.to_owned()));
        Self::of(text, pieces)
    }

    /// Whether `Title`, or `Phase/Title`, means this one among the scopes around it. What was typed may hold
    /// values, or the holes as they are written.
    pub fn is_named(&self, around: &[impl AsRef<str>], name: &str) -> bool {
        let around: Vec<Self> = around.iter().map(|title| Self::known(title.as_ref())).collect();
        self.is_named_among(&around, name)
    }

    /// The same where the titles around are not all known, and a loop may stand between them.
    pub fn is_named_among(&self, around: &[Self], name: &str) -> bool {
        let name = name.to_lowercase();
        let splits = name.match_indices('/').map(|(at, _)| (&name[..at], &name[at + 1..]));
        self.fits(&name) || splits.into_iter().any(|(head, title)| self.fits(title) && leads_to(around, head))
    }

    /// Both are in lower case.
    fn fits(&self, name: &str) -> bool {
        let as_typed = || Self::written(name).pieces;
        name == self.written || fits(&self.pieces, name) || self.text().is_some_and(|text| fits(&as_typed(), &text))
    }

    fn text(&self) -> Option<String> {
        let texts = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Anything => None,
        });
        texts.collect()
    }
}

/// Whether titles joined by `/` name scopes around, outermost first. Some may be left out, and between them
/// a loop's item may stand.
fn leads_to(around: &[Title], head: &str) -> bool {
    let ends = head.match_indices('/').map(|(at, _)| at).chain([head.len()]);
    ends.into_iter().any(|end| {
        let known = around.iter().position(|title| title.fits(&head[..end]));
        known.is_some_and(|at| {
            let rest = head[end..].trim_start_matches('/');
            let is_item = rest.starts_with('[') && rest.ends_with(']');
            rest.is_empty() || is_item || leads_to(&around[at + 1..], rest)
        })
    })
}

/// Whether a text is made of these pieces.
fn fits(pieces: &[Piece], text: &str) -> bool {
    match pieces {
        [] => text.is_empty(),
        [Piece::Text(own), rest @ ..] => text.strip_prefix(own.as_str()).is_some_and(|text| fits(rest, text)),
        [Piece::Anything, rest @ ..] => {
            let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            starts.into_iter().any(|at| fits(rest, &text[at..]))
        }
    }
}

/// Whether a scope is meant by `Title` or by `Phase/Title`.
pub fn is_named(path: &[Arc<str>], name: &str) -> bool {
    path.split_last().is_some_and(|(title, around)| Title::known(title).is_named(around, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(titles: &[&str]) -> Vec<Arc<str>> {
        titles.iter().map(|title| Arc::from(*title)).collect()
    }

    #[test]
    fn scopes_are_named_with_values_or_as_written() {
        let path = path(&["Deploy", "[50%]", "Send 50% to rev-2"]);
        for name in [
            "send 50% to REV-2",
            "Deploy/Send 50% to rev-2",
            "Deploy/[50%]/Send 50% to rev-2",
            "Send ${share} to ${revision}",
            "Deploy/Send ${share} to ${revision}",
        ] {
            assert!(is_named(&path, name), "{name}");
        }
        for name in ["Send 10% to rev-2", "Other/Send 50% to rev-2", "Deploy", "Send ${share} of it", "", "/"] {
            assert!(!is_named(&path, name), "{name}");
        }
    }

    #[test]
    fn what_is_not_known_fits_anything() {
        let title = Title::of("Send ${share} to ${revision}", [Some("Send 50% to ".to_owned()), None]);
        assert!(title.is_named(&path(&["Deploy"]), "Deploy/Send 50% to rev-2"));
        assert!(title.is_named(&path(&["Deploy"]), "Send ${share} to ${revision}"));
        assert!(!title.is_named(&path(&["Deploy"]), "Deploy/Send 10% to rev-2"));
    }

    #[test]
    fn written_titles_are_found_before_the_run() {
        let around = [Title::written("In ${env.name}")];
        let title = Title::written("Send ${share}");
        assert!(title.is_named_among(&around, "in prod/[10%]/send 10%"));
        assert!(title.is_named_among(&around, "In ${env.name}/Send ${share}"));
        assert!(!title.is_named_among(&around, "Im prod/Send 10%"));
    }

    #[test]
    fn a_slash_in_a_title_is_a_part_of_it() {
        assert!(is_named(&path(&["A/B", "C/D"]), "a/b/c/d"));
        assert!(is_named(&path(&["A/B", "C/D"]), "c/d"));
    }
}
