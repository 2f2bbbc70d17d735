//! Text to tokens.

/// Whose rules of quoting count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Not known: what the three have in common.
    Any,
    /// PostgreSQL
    Postgres,
    /// MySQL and MariaDB
    MySql,
    /// SQLite
    Sqlite,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A bare word, in capitals.
    Word(String),
    /// `'…'`, `$$…$$`: whether a value stands in it.
    Text,
    /// `"…"`, `` `…` ``, `[…]`
    Name,
    /// Digits.
    Number,
    /// `$1`, `?1`, `:name`: what another language writes for a value.
    Placeholder,
    /// Where a value is bound: which one.
    Hole(usize),
    /// Anything else.
    Symbol(char),
}

/// A token, and which bytes of the whole text it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lexed {
    /// Without blanks and comments.
    pub tokens: Vec<Token>,
    /// Values that stand within a quoted text, a quoted name or a comment.
    pub inside: Vec<(usize, &'static str)>,
    /// A quote or comment that is never closed: where it begins.
    pub open: Option<usize>,
}

/// Stands for a value in the text that is read. Each takes one byte, wherever the text itself has such a byte.
const HOLE: u8 = 0;

/// Reads a statement: the pieces of text between its values.
pub fn lex<S: AsRef<str>>(pieces: &[S], dialect: Dialect) -> Lexed {
    let mut text = Vec::new();
    let mut holes = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 {
            holes.push(text.len());
            text.push(HOLE);
        }
        text.extend_from_slice(piece.as_ref().as_bytes());
    }
    let read =
        |backslash| Lexer { text: &text, holes: &holes, at: 0, dialect, backslash, lexed: Lexed::default() }.run();
    let plain = read(dialect == Dialect::MySql);
    // Whose backslash it is shows where one reading ends in the middle of a text.
    if dialect == Dialect::Any && plain.open.is_some() {
        let escaped = read(true);
        if escaped.open.is_none() {
            return escaped;
        }
    }
    plain
}

struct Lexer<'t> {
    text: &'t [u8],
    holes: &'t [usize],
    at: usize,
    dialect: Dialect,
    /// A backslash in a text takes the meaning from the quote behind it.
    backslash: bool,
    lexed: Lexed,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn hole(&self) -> Option<usize> {
        (self.peek(0) == Some(HOLE)).then(|| self.holes.binary_search(&self.at).ok()).flatten()
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.lexed.tokens.push(Token { kind, start, end: self.at });
    }

    fn run(mut self) -> Lexed {
        while let Some(byte) = self.peek(0) {
            let start = self.at;
            if let Some(hole) = self.hole() {
                self.at += 1;
                self.push(Kind::Hole(hole), start);
                continue;
            }
            match byte {
                b if b.is_ascii_whitespace() => self.at += 1,
                b'-' if self.peek(1) == Some(b'-') => self.line_comment(),
                b'#' if self.dialect == Dialect::MySql => self.line_comment(),
                b'/' if self.peek(1) == Some(b'*') => self.comment(),
                b'\'' => self.quoted(b'\'', self.backslash, Kind::Text, "a text in quotes"),
                b'"' => {
                    let escapes = self.backslash && self.dialect == Dialect::MySql;
                    self.quoted(b'"', escapes, Kind::Name, "a name in quotes");
                }
                b'`' => self.quoted(b'`', false, Kind::Name, "a name in quotes"),
                b'$' if self.dollar_tag().is_some() => self.dollar_quoted(),
                b'$' | b'?' if self.peek(1).is_some_and(|next| next.is_ascii_digit()) => {
                    self.at += 1;
                    self.take(|byte| byte.is_ascii_digit());
                    self.push(Kind::Placeholder, start);
                }
                b if b.is_ascii_digit() => {
                    self.take(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
                    self.push(Kind::Number, start);
                }
                b if is_word(b) => self.word(),
                b => {
                    self.at += 1;
                    self.push(Kind::Symbol(char::from(b)), start);
                }
            }
        }
        self.lexed
    }

    fn take(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.hole().is_none() && self.peek(0).is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn word(&mut self) {
        let start = self.at;
        self.take(|byte| is_word(byte) || byte.is_ascii_digit() || byte == b'$');
        let word = String::from_utf8_lossy(&self.text[start..self.at]).to_uppercase();
        // PostgreSQL's E'…' has escapes whatever is set.
        if word == "E" && self.peek(0) == Some(b'\'') {
            self.quoted(b'\'', true, Kind::Text, "a text in quotes");
            return;
        }
        self.push(Kind::Word(word), start);
    }

    fn line_comment(&mut self) {
        while let Some(byte) = self.peek(0) {
            self.note_inside("a comment");
            self.at += 1;
            if byte == b'\n' {
                break;
            }
        }
    }

    /// `/* … */`, nested as PostgreSQL has it. MySQL runs what stands in `/*! … */`: that is no comment.
    fn comment(&mut self) {
        let start = self.at;
        if self.dialect == Dialect::MySql && self.peek(2) == Some(b'!') {
            self.at += 3;
            self.take(|byte| byte.is_ascii_digit());
            return;
        }
        let nests = self.dialect != Dialect::MySql && self.dialect != Dialect::Sqlite;
        let mut depth = 0_usize;
        while let Some(byte) = self.peek(0) {
            match (byte, self.peek(1)) {
                (b'/', Some(b'*')) if depth == 0 || nests => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => {
                    self.note_inside("a comment");
                    self.at += 1;
                }
            }
        }
        self.lexed.open = Some(start);
    }

    fn quoted(&mut self, quote: u8, escapes: bool, kind: Kind, what: &'static str) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            if byte == quote {
                self.at += 1;
                if self.peek(0) != Some(quote) {
                    self.push(kind, start);
                    return;
                }
            } else if byte == b'\\' && escapes && self.at + 1 < self.text.len() {
                self.at += 1;
            } else {
                self.note_inside(what);
            }
            self.at += 1;
        }
        self.lexed.open = Some(start);
        self.push(kind, start);
    }

    /// `$$`, `$body$`: how long the tag is.
    fn dollar_tag(&self) -> Option<usize> {
        if !matches!(self.dialect, Dialect::Any | Dialect::Postgres) {
            return None;
        }
        let rest = &self.text[self.at + 1..];
        let name = rest.iter().take_while(|byte| is_word(**byte) || byte.is_ascii_digit()).count();
        let begins_with_digit = rest.first().is_some_and(u8::is_ascii_digit);
        (!begins_with_digit && rest.get(name) == Some(&b'$')).then_some(name + 2)
    }

    fn dollar_quoted(&mut self) {
        let start = self.at;
        let length = self.dollar_tag().unwrap_or(1);
        let tag = self.text[start..start + length].to_vec();
        self.at += length;
        while self.at < self.text.len() {
            if self.text[self.at..].starts_with(&tag) {
                self.at += length;
                self.push(Kind::Text, start);
                return;
            }
            self.note_inside("a text in dollar quotes");
            self.at += 1;
        }
        self.lexed.open = Some(start);
        self.push(Kind::Text, start);
    }

    fn note_inside(&mut self, what: &'static str) {
        if let Some(hole) = self.hole() {
            self.lexed.inside.push((hole, what));
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

impl Lexed {
    /// The word at a place among the tokens, if one is there.
    pub fn word(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// Whether this symbol is at a place among the tokens.
    pub fn is_symbol(&self, at: usize, symbol: char) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == Kind::Symbol(symbol))
    }

    /// The parts of the text between the semicolons that end statements, empty ones left out: from, to. One within
    /// `BEGIN … END` of a routine's body ends none.
    pub fn statements(&self, length: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let (mut first, mut depth) = (None, 0_usize);
        let mut routine = false;
        for (at, token) in self.tokens.iter().enumerate() {
            if first.is_none() && token.kind != Kind::Symbol(';') {
                first = Some(token.start);
                routine = super::class::defines_routine(self, at);
                depth = 0;
            }
            match &token.kind {
                Kind::Word(word)
                    if routine && matches!(word.as_str(), "BEGIN" | "CASE" | "LOOP" | "REPEAT" | "WHILE") =>
                {
                    // `END LOOP` closes; it opens nothing.
                    let closes = at > 0 && self.word(at - 1) == Some("END");
                    depth += usize::from(!closes);
                }
                Kind::Word(word) if routine && word == "IF" => {
                    let closes = at > 0 && self.word(at - 1) == Some("END");
                    let function = self.is_symbol(at + 1, '(');
                    depth += usize::from(depth > 0 && !closes && !function);
                }
                Kind::Word(word) if routine && word == "END" => depth = depth.saturating_sub(1),
                Kind::Symbol(';') if depth == 0 => {
                    if let Some(start) = first.take() {
                        found.push((start, token.start));
                    }
                }
                _ => {}
            }
        }
        if let Some(start) = first {
            found.push((start, length));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(pieces: &[&str], dialect: Dialect) -> Vec<Kind> {
        lex(pieces, dialect).tokens.into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn knows_what_is_quoted() {
        let word = |text: &str| Kind::Word(text.into());
        assert_eq!(
            kinds(&["select 'it''s ;' , \"a;b\" -- ; no\n, $$ ; $$, $t$ $$ $t$ /* ; /* x */ ; */ from"], Dialect::Any),
            [
                word("SELECT"),
                Kind::Text,
                Kind::Symbol(','),
                Kind::Name,
                Kind::Symbol(','),
                Kind::Text,
                Kind::Symbol(','),
                Kind::Text,
                word("FROM")
            ]
        );
        assert_eq!(kinds(&["a = ", " and b in (", ")"], Dialect::Any)[2], Kind::Hole(0));
        // Whose backslash it is shows at the end.
        assert!(lex(&[r"select '\', 1"], Dialect::Any).open.is_none());
        assert!(lex(&[r"select 'it\'s', 1"], Dialect::Any).open.is_none());
        assert!(lex(&["select 'x"], Dialect::Any).open.is_some());
        assert_eq!(kinds(&["# all\nselect"], Dialect::MySql), [word("SELECT")]);
    }

    #[test]
    fn sees_values_in_the_wrong_place() {
        let inside = |pieces: &[&str]| lex(pieces, Dialect::Any).inside;
        assert_eq!(inside(&["select 'a", "b', ", ""]), [(0, "a text in quotes")]);
        assert_eq!(inside(&["select \"", "\""]), [(0, "a name in quotes")]);
        assert_eq!(inside(&["select 1 -- ", ""]), [(0, "a comment")]);
        assert_eq!(inside(&["do $$ ", " $$"]), [(0, "a text in dollar quotes")]);
        assert!(inside(&["select '\u{0}', ", ""]).is_empty());
    }

    #[test]
    fn parts_statements() {
        let parts = |text: &str, dialect| {
            let found = lex(&[text], dialect).statements(text.len());
            found.into_iter().map(|(start, end)| text[start..end].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(parts("select ';';; -- ;\nselect 2;", Dialect::Any), ["select ';'", "select 2"]);
        let trigger =
            "create trigger t after insert on a begin update b set c = case when 1 then 2 end; delete from d; end";
        assert_eq!(parts(&format!("{trigger}; select 1"), Dialect::Any), [trigger, "select 1"]);
        let procedure =
            "create procedure p() begin if a > 1 then select if(1,2,3); end if; while 1 do set x = 1; end while; end";
        assert_eq!(parts(&format!("{procedure}; call p()"), Dialect::MySql), [procedure, "call p()"]);
        assert_eq!(parts("begin; select 1; commit;", Dialect::Any), ["begin", "select 1", "commit"]);
    }
}
