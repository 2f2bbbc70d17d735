//! Reads one word: its quotes, escapes and expansions.

use super::bashisms::Feature;
use super::cursor::Kind;
use super::lexer::Lexer;
use super::{At, Expansion, Fragment, Place, Word};

/// What surrounds an expansion, which decides how quotes within it are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Nothing.
    None,
    /// `"…"`
    Double,
    /// A heredoc's body.
    Heredoc,
}

/// What a `$` turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dollar {
    /// Just a `$`.
    Literal,
    /// `$NAME`, which a letter behind it would change.
    Name,
    /// Something with an end of its own.
    Closed,
}

const BACKSLASH_BEFORE_VALUE: (&str, &str) = (
    "a `\\` directly before a value would be read together with its first character",
    "write `\\\\` for a backslash, or `$${…}` for a literal `${…}`",
);

impl Word {
    pub(super) fn push(&mut self, c: char) {
        if let Some(Fragment::Text(text)) = self.fragments.last_mut() {
            text.push(c);
        } else {
            // Most words fit; one that grew letter by letter would be copied again and again.
            let mut text = String::with_capacity(24);
            text.push(c);
            self.fragments.push(Fragment::Text(text));
        }
    }

    pub(super) fn push_expansion(&mut self, expansion: Expansion) {
        self.fragments.push(Fragment::Shell(Box::new(expansion)));
    }
}

/// What unquoted characters so far mean for the word.
#[derive(Default)]
struct Unquoted {
    brace: bool,
    comma: bool,
    brackets: usize,
}

impl Lexer<'_> {
    /// Reads a word; nothing when none stands here. Holes outside quotes stand at `place`.
    pub(super) fn word(&mut self, place: &Place) -> Word {
        self.word_as(place, false)
    }

    /// Reads a word; as a `pattern` of `[[ … ]]` it may hold brackets and `|`.
    pub(super) fn word_as(&mut self, place: &Place, pattern: bool) -> Word {
        let mut word = Word { at: self.cursor.at(), ..Word::default() };
        let mut seen = Unquoted::default();
        loop {
            self.cursor.skip_joins();
            if self.plain(&mut word, seen.brace) {
                continue;
            }
            let at = self.cursor.at();
            let Some(kind) = self.cursor.peek() else { break };
            match kind {
                Kind::Hole(hole) => {
                    self.cursor.bump();
                    self.place(hole, place.clone());
                    word.fragments.push(Fragment::Hole(hole));
                }
                Kind::Char(c) => {
                    if self.ends_word(c, pattern, &mut seen) {
                        break;
                    }
                    self.unquoted(c, at, &mut word, &mut seen);
                }
            }
        }
        if seen.brace && seen.comma {
            let at = word.at;
            self.bashism(at, Feature::BraceExpansion);
        }
        if let ([Fragment::Hole(hole)], false) = (word.fragments.as_slice(), word.quoted) {
            let alone = !matches!(self.cursor.peek(), Some(Kind::Char('<' | '>' | '(')));
            if matches!(place, Place::Word { .. }) {
                self.place(*hole, Place::Word { alone });
            }
        }
        word
    }

    /// Reads the characters that mean nothing but themselves, wherever they stand; whether there was one.
    fn plain(&mut self, word: &mut Word, in_braces: bool) -> bool {
        let is_plain = |c: char| {
            c.is_ascii_alphanumeric()
                || matches!(c, '-' | '_' | '/' | '=' | ':' | '@' | '%')
                || (c == '.' && !in_braces)
        };
        let start = self.cursor.pos();
        while let Some(Kind::Char(c)) = self.cursor.peek()
            && is_plain(c)
        {
            self.cursor.bump();
            word.push(c);
        }
        self.cursor.pos() > start
    }

    /// Whether this unquoted character belongs to what follows the word.
    fn ends_word(&self, c: char, pattern: bool, seen: &mut Unquoted) -> bool {
        match c {
            '(' if pattern => {
                seen.brackets += 1;
                false
            }
            ')' if pattern && seen.brackets > 0 => {
                seen.brackets -= 1;
                false
            }
            '|' if pattern => seen.brackets == 0 && self.cursor.sees("||"),
            ' ' | '\t' | ';' | '&' if pattern => seen.brackets == 0,
            '<' | '>' => self.cursor.peek_at(1) != Some(Kind::Char('(')),
            ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' => true,
            _ => false,
        }
    }

    /// One unquoted character, or the construct that it begins.
    fn unquoted(&mut self, c: char, at: At, word: &mut Word, seen: &mut Unquoted) {
        match c {
            '\\' => {
                self.cursor.bump();
                word.quoted = true;
                self.escaped(at, word);
                return;
            }
            '\'' => {
                self.single_quoted(word, &Place::SingleQuoted);
                return;
            }
            '"' => {
                self.double_quoted(word);
                return;
            }
            '$' => {
                if self.dollar(word, Quoting::None) == Dollar::Literal {
                    word.push('$');
                }
                return;
            }
            '`' => {
                self.backtick(word, Quoting::None);
                return;
            }
            '<' | '>' if self.cursor.peek_at(1) == Some(Kind::Char('(')) => {
                self.cursor.skip(2);
                self.bashism(at, Feature::ProcessSubstitution);
                self.substitution(at, "this `<(`");
                word.push_expansion(Expansion::default());
                return;
            }
            '*' | '?' | '[' => self.out.needs_shell = true,
            '~' if word.fragments.is_empty() || matches!(self.cursor.previous(), Some(Kind::Char('=' | ':'))) => {
                self.out.needs_shell = true;
            }
            '{' => seen.brace = true,
            ',' if seen.brace => seen.comma = true,
            '.' if seen.brace && self.cursor.sees("..") => seen.comma = true,
            _ => {}
        }
        self.cursor.bump();
        word.push(c);
    }

    /// What follows a `\` outside quotes.
    fn escaped(&mut self, at: At, word: &mut Word) {
        match self.cursor.peek() {
            None => self.problem(at, "nothing follows this `\\`", "take it away, or write `\\\\` for a backslash"),
            Some(Kind::Hole(_)) => self.backslash_before_hole(at),
            Some(Kind::Char(c)) => {
                self.cursor.bump();
                word.push(c);
            }
        }
    }

    /// Reports `\` before the hole that stands here, and reads the hole.
    pub(super) fn backslash_before_hole(&mut self, at: At) {
        if let Some(Kind::Hole(hole)) = self.cursor.bump() {
            self.refuse(hole, at, BACKSLASH_BEFORE_VALUE.0, BACKSLASH_BEFORE_VALUE.1);
        }
    }

    /// `'…'`, from its opening quote on.
    pub(super) fn single_quoted(&mut self, word: &mut Word, place: &Place) {
        let at = self.cursor.at();
        self.cursor.bump();
        word.quoted = true;
        loop {
            match self.cursor.bump() {
                None => return self.unterminated(at, "this `'`", "another `'`"),
                Some(Kind::Char('\'')) => return,
                Some(Kind::Char(c)) => word.push(c),
                Some(Kind::Hole(hole)) => {
                    self.place(hole, place.clone());
                    word.fragments.push(Fragment::Hole(hole));
                }
            }
        }
    }

    /// `"…"`, from its opening quote on.
    pub(super) fn double_quoted(&mut self, word: &mut Word) {
        let start = self.cursor.at();
        self.cursor.bump();
        word.quoted = true;
        let mut after_name = false;
        loop {
            self.cursor.skip_joins();
            let at = self.cursor.at();
            let Some(kind) = self.cursor.peek() else {
                return self.unterminated(start, "this `\"`", "another `\"`");
            };
            match kind {
                Kind::Hole(hole) => {
                    self.cursor.bump();
                    // Still behind the name when the value is empty, hence kept for a hole that follows.
                    self.place(hole, Place::DoubleQuoted { after_name });
                    word.fragments.push(Fragment::Hole(hole));
                }
                Kind::Char('"') => {
                    self.cursor.bump();
                    return;
                }
                Kind::Char('\\') => {
                    after_name = false;
                    self.cursor.bump();
                    match self.cursor.peek() {
                        Some(Kind::Hole(_)) => self.backslash_before_hole(at),
                        Some(Kind::Char(c @ ('$' | '`' | '"' | '\\'))) => {
                            self.cursor.bump();
                            word.push(c);
                        }
                        Some(Kind::Char(_)) | None => word.push('\\'),
                    }
                }
                Kind::Char('$') => {
                    let dollar = self.dollar(word, Quoting::Double);
                    if dollar == Dollar::Literal {
                        word.push('$');
                    }
                    after_name = dollar == Dollar::Name;
                }
                Kind::Char('`') => {
                    after_name = false;
                    self.backtick(word, Quoting::Double);
                }
                Kind::Char(c) => {
                    after_name = false;
                    self.cursor.bump();
                    word.push(c);
                }
            }
        }
    }

    /// `$'…'`, from its opening quote on.
    pub(super) fn ansi_c_quoted(&mut self, word: &mut Word) {
        let start = self.cursor.at();
        self.cursor.bump();
        word.quoted = true;
        loop {
            let at = self.cursor.at();
            match self.cursor.bump() {
                None => return self.unterminated(start, "this `$'`", "`'`"),
                Some(Kind::Char('\'')) => return,
                Some(Kind::Char('\\')) => match self.cursor.peek() {
                    Some(Kind::Hole(_)) => self.backslash_before_hole(at),
                    Some(Kind::Char(c)) => {
                        self.cursor.bump();
                        if c == 'c' && matches!(self.cursor.peek(), Some(Kind::Hole(_))) {
                            self.backslash_before_hole(at);
                        }
                        // Which character it stands for does not matter to any reader of the word.
                        word.push('\\');
                        word.push(c);
                    }
                    None => {}
                },
                Some(Kind::Char(c)) => word.push(c),
                Some(Kind::Hole(hole)) => {
                    self.place(hole, Place::AnsiC);
                    word.fragments.push(Fragment::Hole(hole));
                }
            }
        }
    }
}
