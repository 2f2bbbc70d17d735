//! Edits of a runbook whose run has begun: what differs, and whether what was begun is unchanged.
//!
//! The record says which scopes began and which of them ended well, each by the line where it stands. What ended
//! well must be as it was, and so must everything before it. Of a step that failed, what stands before the failure
//! must be; what takes back something that has happened must be too. What lies ahead is free. What was executed is
//! compared once more, by its arguments, when the story is gone through again.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use similar::TextDiff;

use crate::journal::{Recorded, StoredSource};
use crate::runtime::replay::history::Numbered;
use crate::source::{FileId, Sources, Span};
use crate::syntax::tree::{Block, Clauses, File, Ident, OnFailPolicy, ScopeKind, Stmt, StmtKind};

/// Lines around a difference that are shown.
const CONTEXT: usize = 1;

/// What differs, as a unified diff; `None` if nothing does.
///
/// # Errors
/// In words: what was begun and is not what it was.
pub fn adopt(
    before: &[StoredSource],
    now: &[StoredSource],
    entries: &[Numbered],
    forgets: &[u64],
) -> Result<Option<String>, String> {
    let difference = difference(before, now);
    if difference.is_empty() {
        return Ok(None);
    }
    let (Some(main), Some(edited)) = (before.first(), now.first()) else {
        return Err("the record keeps no runbook".to_owned());
    };
    let begun = Begun::of(&main.name, entries, forgets);
    if begun.lines.is_empty() {
        return Ok(Some(difference));
    }
    for used in &before[1..] {
        if !now[1..].iter().any(|other| other.path == used.path && other.text == used.text) {
            return Err(format!("{} differs, and the run has begun with it", used.name));
        }
    }
    let (was, is) = (Text::of(main), Text::of(edited));
    let comparison = Comparison { was: &was, is: &is, begun: &begun };
    comparison.declarations()?;
    comparison.in_order(&story(&was.file.body), &story(&is.file.body))?;
    Ok(Some(difference))
}

fn difference(before: &[StoredSource], now: &[StoredSource]) -> String {
    let changed = now.iter().filter_map(|source| {
        let known = before.iter().find(|known| known.path == source.path).map_or("", |known| &known.text);
        let diff = TextDiff::from_lines(known, &source.text);
        let name = &source.name;
        (*known != *source.text).then(|| diff.unified_diff().context_radius(CONTEXT).header(name, name).to_string())
    });
    let gone = before.iter().filter(|known| !now.iter().any(|source| source.path == known.path));
    let gone = gone.map(|known| format!("--- {}\n+++ not used any more\n", known.name));
    changed.chain(gone).collect()
}

/// What the record says of the scopes of the main file.
struct Begun {
    /// By the line where they begin, from one: whether one ended well, and whether something happened in one.
    lines: BTreeMap<usize, State>,
    /// Where it failed, if it did: the line.
    failed_at: Option<usize>,
}

#[derive(Clone, Copy, Default)]
struct State {
    done: bool,
    touched: bool,
}

impl Begun {
    fn of(main: &str, entries: &[Numbered], forgets: &[u64]) -> Self {
        let gone: HashSet<u64> = entries
            .iter()
            .filter_map(|(_, entry)| match &entry.event {
                Recorded::Resumed { forgets, .. } => Some(forgets),
                _ => None,
            })
            .flatten()
            .chain(forgets)
            .copied()
            .collect();
        let mut lines: BTreeMap<usize, State> = BTreeMap::new();
        let mut places = BTreeMap::new();
        // Titles around what happens, and the lines where they stand.
        let mut titles: Vec<(usize, String, usize)> = Vec::new();
        for (_, entry) in entries.iter().filter(|(number, _)| !gone.contains(number)) {
            match &entry.event {
                Recorded::ScopeBegan { pos, depth, title, place, .. } => {
                    let Some(line) = line_in(main, place) else { continue };
                    lines.entry(line).or_default();
                    places.insert(pos.clone(), line);
                    titles.push((*depth, title.clone(), line));
                }
                Recorded::ScopeEnded { pos, status, .. } => {
                    if let Some(state) = places.get(pos).and_then(|line| lines.get_mut(line)) {
                        state.done |= matches!(status.as_str(), "passed" | "skipped" | "accepted");
                    }
                }
                Recorded::Intent { path, .. } => {
                    for (_, _, line) in titles.iter().filter(|(_, title, _)| path.iter().any(|part| **part == **title))
                    {
                        lines.entry(*line).or_default().touched = true;
                    }
                }
                _ => {}
            }
        }
        let failed_at = entries.iter().rev().find_map(|(_, entry)| match &entry.event {
            Recorded::Ended(ended) => Some(ended.failure.as_ref().and_then(|failure| {
                let (place, _) = failure.place.rsplit_once(':')?;
                line_in(main, place)
            })),
            _ => None,
        });
        Self { lines, failed_at: failed_at.flatten() }
    }

    /// What is known of the scopes that begin in these lines.
    fn within(&self, lines: (usize, usize)) -> Option<State> {
        let mut found: Option<State> = None;
        for (_, state) in self.lines.range(lines.0..=lines.1) {
            let all = found.get_or_insert_with(State::default);
            all.touched |= state.touched;
        }
        // Of the one that begins it: those inside may be done while it is open.
        if let (Some(all), Some((line, first))) = (&mut found, self.lines.range(lines.0..=lines.1).next()) {
            all.done = *line == lines.0 && first.done;
        }
        found
    }
}

/// The line of `deploy.rbk:12`, if it is this file's.
fn line_in(main: &str, place: &str) -> Option<usize> {
    let (file, line) = place.rsplit_once(':')?;
    (file == main).then(|| line.parse().ok()).flatten()
}

/// A file with its tree.
struct Text {
    sources: Sources,
    main: FileId,
    file: File,
}

impl Text {
    fn of(source: &StoredSource) -> Self {
        let mut sources = Sources::default();
        let main = sources.add(source.name.clone(), Arc::clone(&source.text));
        Self { sources, main, file: crate::syntax::parse(main, &source.text).file }
    }

    fn part(&self, span: Span) -> &str {
        self.sources.text(span)
    }

    fn lines(&self, span: Span) -> (usize, usize) {
        let line = |at| self.sources.get(self.main).line_column(at).line as usize;
        (line(span.start), line(span.end))
    }
}

struct Comparison<'a> {
    was: &'a Text,
    is: &'a Text,
    begun: &'a Begun,
}

impl Comparison<'_> {
    fn same(&self, was: Span, is: Span) -> bool {
        self.was.part(was) == self.is.part(is)
    }

    fn changed<T>(&self, stmt: &Stmt) -> Result<T, String> {
        let first = self.was.part(stmt.span).lines().next().unwrap_or_default().trim_end_matches(['{', ' ']);
        let place = self.was.sources.place_line(stmt.span);
        Err(format!("`{first}` ({place}) was executed, and is not what it was"))
    }

    fn begun(&self, stmt: &Stmt) -> Option<State> {
        self.begun.within(self.was.lines(stmt.span))
    }

    /// Statements that follow each other: up to the last that began they are what they were.
    fn in_order(&self, was: &[&Stmt], is: &[&Stmt]) -> Result<(), String> {
        let Some(last) = was.iter().rposition(|stmt| self.begun(stmt).is_some()) else { return Ok(()) };
        for (at, stmt) in was.iter().enumerate().take(last + 1) {
            let Some(now) = is.get(at) else { return self.changed(stmt) };
            self.one(stmt, now, at < last)?;
        }
        Ok(())
    }

    /// `is_over`: something after it has begun.
    fn one(&self, was: &Stmt, is: &Stmt, is_over: bool) -> Result<(), String> {
        if self.same(was.span, is.span) {
            return Ok(());
        }
        let Some(state) = self.begun(was).filter(|state| !state.done && !is_over) else {
            return self.changed(was);
        };
        match (&was.kind, &is.kind) {
            (StmtKind::Scope(one), StmtKind::Scope(other)) => {
                if one.kind != other.kind || !self.same(one.head, other.head) {
                    return self.changed(was);
                }
                if state.touched && self.way_back(&one.clauses, self.was) != self.way_back(&other.clauses, self.is) {
                    return self.changed(was);
                }
                match one.kind {
                    ScopeKind::Phase => self.blocks(&one.body, &other.body),
                    _ if state.touched => self.until_the_failure(was, &one.body, &other.body),
                    _ => Ok(()),
                }
            }
            (StmtKind::For(one), StmtKind::For(other)) => {
                if !self.same(one.head, other.head) {
                    return self.changed(was);
                }
                self.blocks(&one.body, &other.body)
            }
            (StmtKind::On(one), StmtKind::On(other)) if self.same(one.target.span, other.target.span) => {
                self.blocks(&one.body, &other.body)
            }
            _ => self.changed(was),
        }
    }

    fn blocks(&self, was: &Block, is: &Block) -> Result<(), String> {
        self.in_order(&was.body.iter().collect::<Vec<_>>(), &is.body.iter().collect::<Vec<_>>())
    }

    /// The statements of a step before the one that failed are what they were; without such a one, all of them.
    fn until_the_failure(&self, step: &Stmt, was: &Block, is: &Block) -> Result<(), String> {
        let (first, last) = self.was.lines(was.span);
        let failed = self.begun.failed_at.filter(|line| (first..=last).contains(line));
        let Some(failed) = failed else {
            return if self.same(was.span, is.span) { Ok(()) } else { self.changed(step) };
        };
        let before = was.body.iter().take_while(|stmt| self.was.lines(stmt.span).1 < failed);
        for (at, stmt) in before.enumerate() {
            match is.body.get(at) {
                Some(now) if self.same(stmt.span, now.span) => {}
                _ => return self.changed(stmt),
            }
        }
        Ok(())
    }

    /// What takes back what has happened, as it is written.
    fn way_back<'t>(&self, clauses: &Clauses, text: &'t Text) -> Vec<&'t str> {
        let on_fail = clauses.on_fail.as_deref().and_then(|on_fail| match &on_fail.policy {
            OnFailPolicy::Rollback(undo) => undo.as_deref(),
            _ => None,
        });
        let all = [clauses.undo.as_deref(), clauses.restore.as_deref(), on_fail];
        all.into_iter().flatten().map(|clause| text.part(clause.span)).collect()
    }

    /// The texts of what was executed, whole steps at least.
    fn executed<'t>(&'t self, story: &[&Stmt], texts: &mut Vec<&'t str>) {
        let Some(last) = story.iter().rposition(|stmt| self.begun(stmt).is_some()) else { return };
        for (at, stmt) in story.iter().enumerate().take(last + 1) {
            let state = self.begun(stmt).unwrap_or(State { done: true, touched: true });
            match &stmt.kind {
                StmtKind::Scope(scope) if at == last && !state.done && scope.kind == ScopeKind::Phase => {
                    let before_block = Span { end: scope.body.span.start, ..stmt.span };
                    texts.push(self.was.part(before_block));
                    texts.extend(self.way_back(&scope.clauses, self.was));
                    self.executed(&scope.body.body.iter().collect::<Vec<_>>(), texts);
                }
                StmtKind::Scope(_) if at == last && !state.done && !state.touched => {}
                _ => texts.push(self.was.part(stmt.span)),
            }
        }
    }

    /// What is declared, and may have been used by what was executed.
    fn declarations(&self) -> Result<(), String> {
        let was = &self.was.file.body;
        let mut used = Vec::new();
        self.executed(&story(was), &mut used);
        let mut open: Vec<&Stmt> = was.iter().filter(|stmt| is_declaration(stmt)).collect();
        loop {
            let is_used = |stmt: &&Stmt| match name_of(stmt) {
                Some(name) => used.iter().any(|text| mentions(text, &name.name)),
                None => true,
            };
            let (now, later): (Vec<&Stmt>, Vec<&Stmt>) = open.into_iter().partition(is_used);
            for stmt in &now {
                let text = self.was.part(stmt.span);
                let stands = |other: &Stmt| self.is.part(other.span) == text;
                if !self.is.file.body.iter().any(stands) {
                    return self.changed(stmt);
                }
                used.push(text);
            }
            if now.is_empty() {
                return Ok(());
            }
            open = later;
        }
    }
}

/// The statements of a file that are executed, in order.
fn story(body: &[Stmt]) -> Vec<&Stmt> {
    let is_beside = |stmt: &&Stmt| matches!(stmt.kind, StmtKind::Finally(_) | StmtKind::Test(_));
    body.iter().filter(|stmt| !is_declaration(stmt) && !is_beside(stmt)).collect()
}

fn is_declaration(stmt: &Stmt) -> bool {
    matches!(
        stmt.kind,
        StmtKind::Header(_)
            | StmtKind::Use(_)
            | StmtKind::Param(_)
            | StmtKind::Secret(_)
            | StmtKind::Env(_)
            | StmtKind::Action(_)
            | StmtKind::CheckDecl(_)
            | StmtKind::Fn(_)
    )
}

/// By what name it is used; `None` where that is not told by a name.
fn name_of(stmt: &Stmt) -> Option<&Ident> {
    match &stmt.kind {
        StmtKind::Param(param) => Some(&param.name),
        StmtKind::Secret(secret) => Some(&secret.name),
        StmtKind::Action(action) => Some(&action.name),
        StmtKind::CheckDecl(check) => Some(&check.name),
        StmtKind::Fn(function) => Some(&function.name),
        _ => None,
    }
}

/// Whether a text holds a name as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
