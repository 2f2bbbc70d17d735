//! Text of others made safe for a terminal: control characters are shown, not obeyed.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// One line: line ends become `⏎`, tabs blanks, other control characters their pictures.
/// What turns the direction of text or hides it becomes `�`.
pub fn line(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| visible(c) == c) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(visible).collect())
}

/// The lines of a text, each made safe. A carriage return ends what a later text on the same line overwrites.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(|one| line(one.trim_end_matches('\r').rsplit('\r').next().unwrap_or("")))
}

fn visible(c: char) -> char {
    match c {
        '\n' => '\u{23ce}',
        '\t' => ' ',
        '\u{7f}' => '\u{2421}',
        c if c < ' ' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('?'),
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    }
}

/// At most `columns` wide on a terminal, `…` for what is cut.
pub fn clip(text: &str, columns: usize) -> Cow<'_, str> {
    let mut width = 0;
    let mut room = 0;
    for (at, c) in text.char_indices() {
        width += c.width().unwrap_or(0);
        if width < columns {
            room = at + c.len_utf8();
        } else if width > columns {
            return Cow::Owned(format!("{}…", &text[..room]));
        }
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(line("plain · text"), "plain · text");
        assert_eq!(line("\u{1b}[31mred\u{7}\n"), "␛[31mred␇⏎");
        assert_eq!(line("a\u{202e}b"), "a\u{fffd}b");
        assert_eq!(lines("one\r\n10%\r100%\nend").collect::<Vec<_>>(), ["one", "100%", "end"]);
    }

    #[test]
    fn cut_to_the_width_of_the_terminal() {
        assert_eq!(clip("abcdef", 6), "abcdef");
        assert_eq!(clip("abcdefg", 6), "abcde…");
        assert_eq!(clip("日本語", 5), "日本…");
        assert_eq!(clip("abc", 0), "…");
    }
}
