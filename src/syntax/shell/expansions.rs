//! Reads what begins with `$` or a backtick: variables, `${…}`, `$(…)`, `$((…))`, `` `…` ``.

use super::bashisms::Feature;
use super::cursor::{Cursor, Kind};
use super::lexer::{Close, Lexer};
use super::words::{Dollar, Quoting};
use super::{At, Expansion, Fragment, Place, Word};

const VARIABLE_FIRST: &str = "put the value into a variable first (`v=${…}`) and write `\"$v\"` here";
const NO_VALUE_IN_REPLACEMENT: (&str, &str) =
    ("bash reads a value in this expansion differently from version to version", VARIABLE_FIRST);
const NO_VALUE_AS_NAME: (&str, &str) =
    ("a variable's name cannot come from a value", "look the value up in the runbook and write it here");

impl Lexer<'_> {
    /// Reads from a `$` on. A lone `$` is read but not pushed.
    pub(super) fn dollar(&mut self, word: &mut Word, quoting: Quoting) -> Dollar {
        let at = self.cursor.at();
        self.cursor.bump();
        if self.cursor.sees("\\\n") && quoting != Quoting::Heredoc {
            self.problem(at, "this `$` is torn from what follows by a line end", "put both on one line");
        }
        let Some(kind) = self.cursor.peek() else { return Dollar::Literal };
        match kind {
            Kind::Hole(hole) => {
                self.cursor.bump();
                self.refuse(
                    hole,
                    at,
                    "a `$` directly before a value would be read together with it",
                    "write `\\$` for a dollar sign",
                );
                Dollar::Closed
            }
            Kind::Char('(') => {
                self.out.needs_shell = true;
                self.cursor.bump();
                if self.cursor.eat("(") {
                    self.deeper(|lexer| lexer.arithmetic(at, "$(("));
                } else {
                    self.substitution(at, "this `$(`");
                }
                word.push_expansion(Expansion::default());
                Dollar::Closed
            }
            Kind::Char('{') => {
                self.out.needs_shell = true;
                self.cursor.bump();
                let expansion = self.deeper(|lexer| lexer.braces(at, quoting));
                word.push_expansion(expansion);
                Dollar::Closed
            }
            Kind::Char('[') => {
                self.cursor.bump();
                self.problem(at, "`$[…]` is an old form of arithmetic", "write `$((…))`, or `\\$[` for the text");
                Dollar::Closed
            }
            Kind::Char('\'') if quoting == Quoting::None => {
                self.bashism(at, Feature::AnsiCQuote);
                self.ansi_c_quoted(word);
                Dollar::Closed
            }
            Kind::Char('"') if quoting == Quoting::None => {
                self.bashism(at, Feature::LocaleQuote);
                self.double_quoted(word);
                Dollar::Closed
            }
            Kind::Char(c) => match self.name(c) {
                Some(name) => {
                    self.out.needs_shell = true;
                    self.reads_variable(&name);
                    word.push_expansion(Expansion { variables: vec![name], holes: Vec::new() });
                    Dollar::Name
                }
                None => Dollar::Literal,
            },
        }
    }

    /// Reads the name of a variable or special parameter that begins with `first`, which is next.
    fn name(&mut self, first: char) -> Option<String> {
        let mut name = String::from(first);
        match first {
            '0'..='9' | '@' | '*' | '#' | '?' | '-' | '$' | '!' => {
                self.cursor.bump();
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                self.cursor.bump();
                loop {
                    self.cursor.skip_joins();
                    match self.cursor.peek() {
                        Some(Kind::Char(c)) if c.is_ascii_alphanumeric() || c == '_' => name.push(c),
                        _ => break,
                    }
                    self.cursor.bump();
                }
            }
            _ => return None,
        }
        Some(name)
    }

    /// Reads `${…}`, of which `${` is read.
    fn braces(&mut self, at: At, quoting: Quoting) -> Expansion {
        let start = self.cursor.pos();
        let mut scratch = Word::default();
        let mut expansion = self.parameter(at, quoting, &mut scratch);
        expansion.variables.extend(scratch.variables().map(str::to_owned));
        expansion.holes.extend(scratch.holes());
        if quoting == Quoting::Heredoc {
            self.refuse_since(
                start,
                "in a heredoc, bash and sh read a value inside `${…}` differently",
                "put it into a variable before the heredoc and write `$NAME` here",
            );
        }
        expansion
    }

    fn parameter(&mut self, at: At, quoting: Quoting, scratch: &mut Word) -> Expansion {
        let mut expansion = Expansion::default();
        let mut length = false;
        if self.cursor.sees("#") && !self.cursor.sees("#}") {
            self.cursor.bump();
            length = true;
        } else if self.cursor.sees("!") && !self.cursor.sees("!}") {
            self.cursor.bump();
            self.bashism(at, Feature::Expansion);
        }
        let name = match self.cursor.peek() {
            Some(Kind::Char(c)) => self.name(c),
            Some(Kind::Hole(_)) | None => None,
        };
        let Some(name) = name else {
            let start = self.cursor.pos();
            self.operand(at, Quoting::None, false, scratch);
            self.refuse_since(start, NO_VALUE_AS_NAME.0, NO_VALUE_AS_NAME.1);
            self.problem(at, "the shell cannot read this `${…}`", "write `\\$` for a dollar sign");
            return expansion;
        };
        self.reads_variable(&name);
        expansion.variables.push(name.clone());
        // `${10}`
        while matches!(self.cursor.peek(), Some(Kind::Char('0'..='9'))) {
            self.cursor.bump();
        }
        if let Some(Kind::Hole(_)) = self.cursor.peek() {
            let start = self.cursor.pos();
            self.operand(at, quoting, false, scratch);
            self.refuse_since(start, NO_VALUE_AS_NAME.0, NO_VALUE_AS_NAME.1);
            return expansion;
        }
        if self.cursor.sees("[") {
            self.bashism(at, Feature::Array);
            let start = self.cursor.pos();
            self.operand_until(']');
            self.refuse_since(
                start,
                "an index is shell arithmetic, which could run code found in a value",
                "look the value up in the runbook and write it here",
            );
        }
        if length && !self.cursor.sees("}") {
            // `${#-default}` and its like: read by shells each in their own way.
            self.problem(at, "the shell cannot read this `${#…}`", "write `${#NAME}`");
        }
        self.after_name(at, quoting, scratch, &name);
        expansion
    }

    /// What follows the name in `${NAME…}`.
    fn after_name(&mut self, at: At, quoting: Quoting, scratch: &mut Word, name: &str) {
        const DEFAULTS: &[&str] = &[":-", ":=", ":?", ":+", "-", "=", "?", "+"];
        const PATTERNS: &[&str] = &["##", "#", "%%", "%"];
        if self.cursor.eat("}") {
            return;
        }
        if DEFAULTS.iter().any(|operator| self.cursor.eat(operator)) {
            self.operand(at, quoting, false, scratch);
        } else if PATTERNS.iter().any(|operator| self.cursor.eat(operator)) {
            self.operand(at, quoting, true, scratch);
        } else if self.cursor.eat(":") {
            self.bashism(at, Feature::Expansion);
            self.deeper(|lexer| lexer.arithmetic(at, "${"));
        } else if self.cursor.peek().is_none() {
            self.unterminated(at, "this `${`", "`}`");
        } else {
            let known = matches!(self.cursor.peek(), Some(Kind::Char('/' | '^' | ',' | '@' | '~' | '*')));
            if known {
                self.bashism(at, Feature::Expansion);
            } else {
                self.problem(
                    at,
                    format!("the shell cannot read what follows `${{{name}`"),
                    "write `$NAME` or `${NAME}`",
                );
            }
            let start = self.cursor.pos();
            self.operand(at, quoting, true, scratch);
            self.refuse_since(start, NO_VALUE_IN_REPLACEMENT.0, NO_VALUE_IN_REPLACEMENT.1);
        }
    }

    /// Reads the word of `${NAME:-word}` (or the pattern of `${NAME#pattern}`) with the `}` that ends it.
    fn operand(&mut self, at: At, quoting: Quoting, pattern: bool, scratch: &mut Word) {
        let begin = self.cursor.pos();
        let mut in_quotes = false;
        let mut quotes = false;
        loop {
            self.cursor.skip_joins();
            let here = self.cursor.at();
            let start = self.cursor.pos();
            let Some(kind) = self.cursor.peek() else {
                return self.unterminated(at, "this `${`", "`}`");
            };
            if in_quotes && matches!(kind, Kind::Char('}' | '"' | '\\' | '`' | '$')) {
                self.problem(here, "shells do not agree on quotes inside `\"${…}\"`", "leave the `'` away");
                in_quotes = false;
            }
            match kind {
                Kind::Char('}') => {
                    self.cursor.bump();
                    if quotes {
                        self.refuse_since(
                            begin,
                            "shells do not agree on quotes inside `\"${…}\"`",
                            "leave the `'` away",
                        );
                    }
                    return;
                }
                Kind::Char('\\') => {
                    self.cursor.bump();
                    match self.cursor.peek() {
                        Some(Kind::Hole(_)) => self.backslash_before_hole(here),
                        Some(Kind::Char(_)) => {
                            self.cursor.bump();
                        }
                        None => {}
                    }
                }
                Kind::Char('\'') if quoting == Quoting::None => self.single_quoted(scratch, &Place::SingleQuoted),
                Kind::Char('\'') if pattern => self.single_quoted(scratch, &Place::SingleQuoted),
                Kind::Char('\'') => {
                    self.cursor.bump();
                    in_quotes = !in_quotes;
                    quotes = true;
                }
                Kind::Char('"') => {
                    self.double_quoted(scratch);
                    if quoting != Quoting::None {
                        self.refuse_since(
                            start,
                            "shells do not agree on quotes inside `\"${…}\"`",
                            "leave the inner `\"` away: the value is quoted without them",
                        );
                    }
                }
                Kind::Char('$') => {
                    let nested = self.cursor.sees("${");
                    self.dollar(scratch, quoting);
                    if nested && pattern {
                        self.refuse_since(
                            start,
                            "inside a pattern this value would be read as a pattern itself",
                            VARIABLE_FIRST,
                        );
                    }
                }
                Kind::Char('`') => self.backtick(scratch, quoting),
                Kind::Char(_) => {
                    self.cursor.bump();
                }
                Kind::Hole(hole) if quoting != Quoting::None => {
                    self.cursor.bump();
                    // There is no form that holds: bash looks for `'`, `<(` and `{a,b}` in it before it minds the quotes.
                    let message = "inside `\"${…}\"` no shell reads a value safely";
                    self.refuse(hole, here, message, "set a variable first (`v=${…}`) and write `\"$${NAME:-$v}\"`");
                }
                Kind::Hole(hole) => {
                    self.cursor.bump();
                    self.place(hole, Place::Expansion);
                    scratch.fragments.push(Fragment::Hole(hole));
                }
            }
        }
    }

    /// Reads `[…]`, in which no value can stand; the holes are left to the caller to refuse.
    pub(super) fn operand_until(&mut self, closer: char) {
        let at = self.cursor.at();
        let mut scratch = Word::default();
        loop {
            match self.cursor.peek() {
                None => return self.unterminated(at, "this `[`", "`]`"),
                Some(Kind::Char('$')) => {
                    self.dollar(&mut scratch, Quoting::None);
                }
                Some(Kind::Char('`')) => self.backtick(&mut scratch, Quoting::None),
                Some(Kind::Char(c)) => {
                    self.cursor.bump();
                    if c == closer {
                        return;
                    }
                }
                Some(Kind::Hole(hole)) => {
                    self.cursor.bump();
                    self.place(hole, Place::OneWord);
                }
            }
        }
    }

    /// Reads arithmetic up to what closes `opener` (`((`, `$((` or `${`).
    pub(super) fn arithmetic(&mut self, at: At, opener: &str) {
        let mut scratch = Word::default();
        let mut brackets = 0_usize;
        let ends_with_brace = opener == "${";
        loop {
            let here = self.cursor.at();
            let Some(kind) = self.cursor.peek() else {
                return self.unterminated(
                    at,
                    &format!("this `{opener}`"),
                    if ends_with_brace { "`}`" } else { "`))`" },
                );
            };
            match kind {
                Kind::Char('}') if ends_with_brace => {
                    self.cursor.bump();
                    return;
                }
                Kind::Char(')') if brackets > 0 => {
                    brackets -= 1;
                    self.cursor.bump();
                }
                Kind::Char(')') if !ends_with_brace => {
                    if !self.cursor.eat("))") {
                        let help = format!("write a blank between the two `(` of `{opener}` if commands are meant");
                        self.problem(at, format!("this `{opener}` is arithmetic, and not closed by `))`"), help);
                        self.cursor.bump();
                    }
                    return;
                }
                Kind::Char('(') => {
                    brackets += 1;
                    self.cursor.bump();
                }
                Kind::Char('\\') => {
                    self.cursor.bump();
                    if let Some(Kind::Hole(_)) = self.cursor.peek() {
                        self.backslash_before_hole(here);
                    }
                }
                Kind::Char('$') => {
                    let pos = scratch.fragments.len();
                    self.dollar(&mut scratch, Quoting::Double);
                    let names: Vec<String> =
                        scratch.fragments.get(pos..).unwrap_or_default().iter().flat_map(names_in).collect();
                    self.out.arithmetic.extend(names.into_iter().map(|name| (name, here)));
                }
                Kind::Char('`') => self.backtick(&mut scratch, Quoting::Double),
                Kind::Char(c) if c.is_ascii_alphabetic() || c == '_' => {
                    if let Some(name) = self.name(c) {
                        self.reads_variable(&name);
                        self.out.arithmetic.push((name, here));
                    }
                }
                Kind::Char(c) if c.is_ascii_digit() => self.number(),
                Kind::Char(_) => {
                    self.cursor.bump();
                }
                Kind::Hole(hole) => self.arithmetic_hole(hole, here),
            }
        }
    }

    /// A number as the shell writes it (`10`, `0x1F`, `2#101`).
    fn number(&mut self) {
        while matches!(self.cursor.peek(), Some(Kind::Char(c)) if c.is_ascii_alphanumeric() || "_#@".contains(c)) {
            self.cursor.bump();
        }
    }

    fn arithmetic_hole(&mut self, hole: usize, at: At) {
        let joins = |kind: Option<Kind>, others: &str| match kind {
            Some(Kind::Char(c)) => c.is_ascii_alphanumeric() || others.contains(c),
            Some(Kind::Hole(_)) => true,
            None => false,
        };
        let joined = joins(self.cursor.previous(), "_.#@)}`\\") || joins(self.cursor.peek_at(1), "_.#@$`({[\\");
        self.cursor.bump();
        if joined {
            let message = "in arithmetic a value is a number of its own, and here it touches something else";
            self.refuse(hole, at, message, "put an operator between them");
        } else {
            self.place(hole, Place::Arithmetic);
        }
    }

    /// Reads `` `…` `` from its opening backtick on.
    pub(super) fn backtick(&mut self, word: &mut Word, quoting: Quoting) {
        let at = self.cursor.at();
        let start = self.cursor.pos();
        self.out.needs_shell = true;
        self.cursor.bump();
        let mut inner = Vec::new();
        loop {
            let here = self.cursor.rest().first().copied();
            match self.cursor.bump() {
                None => return self.unterminated(at, "this backtick", "another backtick"),
                Some(Kind::Char('`')) => break,
                Some(Kind::Char('\\')) => match self.cursor.peek() {
                    Some(Kind::Hole(_)) => self.backslash_before_hole(at),
                    Some(Kind::Char(c)) => {
                        let taken = matches!(c, '`' | '\\' | '$') || (c == '"' && quoting == Quoting::Double);
                        if !taken {
                            inner.extend(here);
                        }
                        inner.extend(self.cursor.rest().first().copied());
                        self.cursor.bump();
                    }
                    None => {}
                },
                Some(Kind::Char(_) | Kind::Hole(_)) => inner.extend(here),
            }
        }
        let levels = self.backticks + 1;
        let substitutions = self.substitutions + 1;
        self.deeper(|lexer| {
            let mut within = Lexer {
                cursor: Cursor::new(inner),
                backticks: levels,
                depth: lexer.depth,
                substitutions,
                pending: Vec::new(),
                out: &mut *lexer.out,
            };
            within.list(Close::End);
            within.missing_bodies();
        });
        if quoting != Quoting::None {
            // In `"…"` bash's brace expansion takes a `"` within the backticks for the end of the quotes around them.
            self.refuse_since(start, "shells do not agree on quotes in backticks here", "write `$(…)` instead");
        }
        word.push_expansion(Expansion::default());
    }
}

fn names_in(fragment: &Fragment) -> Vec<String> {
    match fragment {
        Fragment::Text(_) | Fragment::Hole(_) => Vec::new(),
        Fragment::Shell(expansion) => expansion.variables.clone(),
    }
}
