//! What the pieces of a text are, for whoever colours them: by the grammar that reads them.

use std::ops::Range;

use super::parser::{self, Pairs, Rule, Stack};

/// A sort of piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A word of the language: `let`, `step`, `within`.
    Word,
    /// A text.
    Text,
    /// A number with its unit.
    Number,
    /// `$ …`
    Command,
    /// `# …`
    Comment,
}

/// The pieces of a text in order; what is in none is plain. They do not overlap.
pub fn pieces(text: &str) -> Vec<(Range<usize>, Piece)> {
    let Ok(nodes) = parser::run(Rule::file, text, Stack::Ours) else { return Vec::new() };
    let mut sorts = vec![None; text.len()];
    paint(nodes.all(), &mut sorts);
    let mut found: Vec<(Range<usize>, Piece)> = Vec::new();
    for (at, sort) in sorts.into_iter().enumerate() {
        let Some(sort) = sort else { continue };
        match found.last_mut() {
            Some((range, last)) if range.end == at && *last == sort => range.end = at + 1,
            _ => found.push((at..at + 1, sort)),
        }
    }
    found
}

/// What is inside paints over what is around it.
fn paint(nodes: Pairs<'_>, sorts: &mut [Option<Piece>]) {
    for node in nodes {
        let rule = node.as_rule();
        let (start, end) = (node.start(), node.end());
        if rule == Rule::hole {
            sorts[start..end].fill(None);
        } else if rule == Rule::command {
            // The words before the `$` are the language's.
            let at = node.as_str().find('$').unwrap_or(0);
            sorts[start..start + at].fill(Some(Piece::Word));
            sorts[start + at..end].fill(Some(Piece::Command));
        } else if let Some(piece) = whole(rule) {
            sorts[start..end].fill(Some(piece));
        } else if begins_with_a_word(rule) {
            let word = node.as_str().bytes().take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'_').count();
            sorts[start..start + word].fill(Some(Piece::Word));
        }
        paint(node.inside(), sorts);
    }
}

fn whole(rule: Rule) -> Option<Piece> {
    let is_text = matches!(rule, Rule::str_plain | Rule::str_holes | Rule::str_raw | Rule::str_block | Rule::str_open);
    match rule {
        Rule::number => Some(Piece::Number),
        Rule::comment => Some(Piece::Comment),
        Rule::scope_word | Rule::statement_word | Rule::policy_word | Rule::effect => Some(Piece::Word),
        _ if is_text => Some(Piece::Text),
        _ => None,
    }
}

/// Rules whose text begins with the word that makes them one.
fn begins_with_a_word(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::action
            | Rule::approve
            | Rule::assert
            | Rule::background
            | Rule::because
            | Rule::c_finally
            | Rule::c_on_fail
            | Rule::c_probe
            | Rule::c_restore
            | Rule::c_undo
            | Rule::call_with
            | Rule::check_decl
            | Rule::check_use
            | Rule::checklist
            | Rule::choose
            | Rule::confirm
            | Rule::env
            | Rule::fail_when
            | Rule::finally
            | Rule::r#fn
            | Rule::r#for
            | Rule::r#if
            | Rule::r#let
            | Rule::m_danger
            | Rule::m_every
            | Rule::m_for
            | Rule::m_irreversible
            | Rule::m_retry
            | Rule::m_tags
            | Rule::m_timeout
            | Rule::m_tolerate
            | Rule::m_when
            | Rule::m_within
            | Rule::manual
            | Rule::on
            | Rule::parallel
            | Rule::param
            | Rule::ready
            | Rule::run
            | Rule::runbook
            | Rule::scope
            | Rule::secret
            | Rule::test
            | Rule::r#use
            | Rule::var
            | Rule::with
            | Rule::word_statement
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(&str, Piece)> {
        pieces(text).into_iter().map(|(range, piece)| (&text[range], piece)).collect()
    }

    #[test]
    fn the_grammar_says_what_is_what() {
        assert_eq!(of("let x = 5m"), [("let", Piece::Word), ("5m", Piece::Number)]);
        assert_eq!(of("let y = \"a ${x} b\""), [("let", Piece::Word), ("\"a ", Piece::Text), (" b\"", Piece::Text)]);
        assert_eq!(of("$ ls ${x}"), [("$ ls ", Piece::Command)]);
        assert_eq!(of("let p = reads $ ls"), [("let", Piece::Word), ("reads ", Piece::Word), ("$ ls", Piece::Command)]);
        assert_eq!(of("step \"a\" {\n}"), [("step", Piece::Word), ("\"a\"", Piece::Text)]);
        assert!(of("((((").is_empty());
    }
}
