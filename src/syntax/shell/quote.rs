//! The text that stands for a value in its place.

use std::fmt::Write as _;

use thiserror::Error;

use super::{Context, HeredocPlace, Place};

/// A value on its way into a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg<'a> {
    /// One text.
    One(&'a str),
    /// A list: several words.
    Many(&'a [String]),
}

/// Why a value cannot stand in its place.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum QuoteError {
    /// No program can be given a NUL character.
    #[error("the value holds a NUL character (at byte {offset}), which no command can take")]
    Nul {
        /// Where in the value, in bytes.
        offset: usize,
    },
    /// A list where there is room for one word.
    #[error(
        "a list is several words, and only one fits here; join it (`xs.join(\",\")`) or write it as a word of its own"
    )]
    List,
    /// Something other than an integer in arithmetic.
    #[error("only an integer can stand in shell arithmetic, and the value is `{value}`")]
    NotInteger {
        /// The beginning of the value.
        value: String,
    },
    /// The value would end the heredoc it stands in.
    #[error("a line of the value begins with `{delimiter}`, which ends the heredoc; choose another delimiter")]
    EndsHeredoc {
        /// The heredoc's delimiter.
        delimiter: String,
    },
    /// Bash marks characters with U+0001 and U+007F itself, and loses some of them in a verbatim heredoc.
    #[error("the value holds a control character that bash loses in a heredoc; write the value outside of it")]
    Control,
    /// A line begins like the delimiter and goes on with a letter beyond ASCII, of which dash drops a byte.
    #[error(
        "a line of the value begins almost like `{delimiter}`, which not every shell reads; choose another delimiter"
    )]
    LikeDelimiter {
        /// The heredoc's delimiter.
        delimiter: String,
    },
    /// `<<-` would take off tabs that belong to the value.
    #[error("a line of the value begins with a tab, which `<<-` takes off; write `<<`")]
    LosesTabs,
    /// Several lines within a substitution in a heredoc.
    #[error("a value inside `$(…)` in a heredoc has to be one line; put the output into a variable before the heredoc")]
    SeveralLines,
    /// The hole stands where lexing reported a problem.
    #[error("no value can stand at this place of the command")]
    Nowhere,
}

/// The text to put in the hole's place, so that the shell reads exactly the value.
///
/// # Errors
///
/// When no text can do that: see [`QuoteError`]. The value is in none of the messages, except for arithmetic.
pub fn quote(context: &Context, value: Arg<'_>) -> Result<String, QuoteError> {
    let quoted = match value {
        Arg::One(text) => one(context, text)?,
        Arg::Many(texts) if context.takes_list() => {
            let words: Result<Vec<String>, QuoteError> = texts.iter().map(|text| one(context, text)).collect();
            words?.join(" ")
        }
        Arg::Many(_) => {
            return Err(if context.place == Place::Nowhere { QuoteError::Nowhere } else { QuoteError::List });
        }
    };
    Ok((0..context.backticks).fold(quoted, |text, _| escape(&text, &['\\', '`', '$'])))
}

fn one(context: &Context, text: &str) -> Result<String, QuoteError> {
    if let Some(offset) = text.find('\0') {
        return Err(QuoteError::Nul { offset });
    }
    if context.one_line && text.contains('\n') {
        return Err(QuoteError::SeveralLines);
    }
    Ok(match &context.place {
        Place::Word { alone: true } if is_plain(text) && !context.one_line => text.to_owned(),
        Place::Word { .. } | Place::Command | Place::Assignment | Place::Redirect | Place::Pattern | Place::OneWord => {
            format!("'{}'", within_single_quotes(text))
        }
        Place::DoubleQuoted { after_name } => {
            let apart = if *after_name && begins_like_a_name(text) { "\"\"" } else { "" };
            format!("{apart}{}", within_double_quotes(text))
        }
        Place::SingleQuoted => within_single_quotes(text),
        // Not `$'…'` itself: an escape before the hole (`\x4`) would swallow what follows.
        Place::AnsiC => format!("''{}'$'", within_single_quotes(text)),
        Place::Heredoc(place) => heredoc(place, text),
        Place::HeredocVerbatim(place) => verbatim(place, text)?,
        Place::Comment => comment(text),
        Place::Arithmetic => integer(text, true)?,
        Place::Integer => integer(text, false)?,
        Place::Expansion => format!("\"{}\"", within_double_quotes(text)),
        Place::Nowhere => return Err(QuoteError::Nowhere),
    })
}

/// Whether a word means itself without quotes. Plain words are left alone only for the reader's sake, hence the
/// narrow choice.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_@%+:,./-".contains(&byte))
}

fn begins_like_a_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

fn escape(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(&c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn within_single_quotes(text: &str) -> String {
    text.replace('\'', r"'\''")
}

fn within_double_quotes(text: &str) -> String {
    escape(text, &['\\', '"', '$', '`'])
}

/// Nobody reads it but people, so that only what cannot end a comment, or look to any shell as if it did, is kept.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() || "_@%+:,./-=".contains(c) { c } else { ' ' }).collect()
}

/// A decimal integer of 64 bits, as the shell computes; in brackets if negative, since `3-` may stand before it.
fn integer(text: &str, brackets: bool) -> Result<String, QuoteError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    // `parse` alone would let `+5` in.
    let number = if digits.starts_with(|c: char| c.is_ascii_digit()) { text.parse::<i64>().ok() } else { None };
    let Some(number) = number else {
        return Err(QuoteError::NotInteger { value: text.chars().take(40).collect() });
    };
    Ok(match number {
        // Shells read the digits first, which alone are one too many.
        i64::MIN => format!("({}-1)", i64::MIN + 1),
        negative @ ..0 if brackets => format!("({negative})"),
        number => number.to_string(),
    })
}

/// Expands to nothing, whatever the variables are, and is no part of any delimiter.
const NOTHING: &str = "${IFS+}";

fn heredoc(place: &HeredocPlace, text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for (index, (part, is_first, is_last)) in parts(text).enumerate() {
        if index > 0 {
            quoted.push('\n');
        }
        let name = is_first && place.after_name && begins_like_a_name(part);
        let tabs_follow = is_last && !is_first && part.is_empty() && place.strip_tabs;
        let dropped = loses_a_byte(place, part, is_first, is_last);
        if name || tabs_follow || dropped || ends(place, part, is_first, is_last) || loses_tabs(place, part, is_first) {
            quoted.push_str(NOTHING);
        }
        let _ = write!(quoted, "{}", escape(part, &['\\', '$', '`']));
    }
    quoted
}

fn verbatim(place: &HeredocPlace, text: &str) -> Result<String, QuoteError> {
    if text.contains(['\u{1}', '\u{7f}']) {
        return Err(QuoteError::Control);
    }
    for (part, is_first, is_last) in parts(text) {
        if ends(place, part, is_first, is_last) {
            return Err(QuoteError::EndsHeredoc { delimiter: place.delimiter.clone() });
        }
        if loses_a_byte(place, part, is_first, is_last) {
            return Err(QuoteError::LikeDelimiter { delimiter: place.delimiter.clone() });
        }
        if loses_tabs(place, part, is_first) {
            return Err(QuoteError::LosesTabs);
        }
    }
    Ok(text.to_owned())
}

/// The value's part of each line, with whether it is the first and whether the last.
fn parts(text: &str) -> impl Iterator<Item = (&str, bool, bool)> {
    let last = text.split('\n').count() - 1;
    text.split('\n').enumerate().map(move |(index, part)| (part, index == 0, index == last))
}

/// Whether a line could end the heredoc with this part of the value in it.
///
/// A line that only *begins* with the delimiter counts: in `$(…)`, bash ends the heredoc there when a `)` follows
/// (`make_here_document` in its source). Of a line with several holes, each is looked at as if those before it were
/// empty: if they are not, they have been looked at themselves.
fn ends(place: &HeredocPlace, part: &str, is_first: bool, is_last: bool) -> bool {
    let before = if is_first { place.before.as_str() } else { "" };
    let after = if is_last { place.after.as_str() } else { "" };
    let line = format!("{before}{part}{after}");
    let line = if place.strip_tabs { line.trim_start_matches('\t') } else { line.as_str() };
    let goes_on = is_last && place.hole_after;
    let begins = goes_on && !line.is_empty() && place.delimiter.starts_with(line);
    // Every line begins with the empty delimiter of `<<''`, which only an empty line ends.
    if place.delimiter.is_empty() { line.is_empty() } else { begins || line.starts_with(&place.delimiter) }
}

/// Whether dash (0.5.12, for one) would drop a byte: that of a letter beyond ASCII which stands where a line ceases to
/// look like the delimiter.
fn loses_a_byte(place: &HeredocPlace, part: &str, is_first: bool, is_last: bool) -> bool {
    let before = if is_first { place.before.trim_start_matches('\t') } else { "" };
    let after = if is_last { place.after.as_str() } else { "" };
    let line = format!("{before}{part}{after}");
    let mut delimiter = place.delimiter.chars();
    let unlike = line.chars().enumerate().find(|(_, c)| delimiter.next() != Some(*c));
    unlike.is_some_and(|(index, c)| index > 0 && index >= before.chars().count() && !c.is_ascii())
}

/// Whether `<<-` would take tabs off this part of the value.
fn loses_tabs(place: &HeredocPlace, part: &str, is_first: bool) -> bool {
    let begins_line = !is_first || place.hole_before || place.before.trim_start_matches('\t').is_empty();
    place.strip_tabs && begins_line && part.starts_with('\t')
}
