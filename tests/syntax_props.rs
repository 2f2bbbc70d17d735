//! The parser takes any text: it never panics, and what it says lies within the text.

use proptest::prelude::*;

use rbk::source::{FileId, Span};
use rbk::syntax::tree::{Stmt, StmtKind};
use rbk::syntax::{parse, parse_expr, parse_type};

const SAMPLES: [&str; 4] = [
    include_str!("syntax/good/runbook.rbk"),
    include_str!("syntax/good/statements.rbk"),
    include_str!("syntax/good/commands.rbk"),
    include_str!("syntax/good/tests.rbk"),
];

fn in_text(span: Span, text: &str) {
    let (start, end) = (span.start as usize, span.end as usize);
    assert!(text.get(start..end).is_some(), "{span:?} in {} bytes", text.len());
}

fn check(text: &str) {
    let parsed = parse(FileId(0), text);
    for diagnostic in &parsed.diagnostics {
        diagnostic.labels.iter().for_each(|label| in_text(label.span, text));
        if let Some(fix) = &diagnostic.fix {
            in_text(fix.span, text);
        }
    }
    for comment in &parsed.file.comments {
        in_text(comment.span, text);
    }
    for pair in parsed.file.comments.windows(2) {
        assert!(pair[0].span.end <= pair[1].span.start, "a comment is kept twice: {text:?}");
    }
    for Stmt { kind, span } in &parsed.file.body {
        in_text(*span, text);
        if matches!(kind, StmtKind::Error) {
            assert!(!parsed.diagnostics.is_empty(), "an error node without a diagnostic: {text:?}");
        }
    }
}

/// Pieces of which likely and unlikely lines are made.
fn piece() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "step",
        "phase",
        "check",
        "\"",
        "'",
        "\"\"\"",
        "${",
        "}",
        "{",
        "(",
        ")",
        "[",
        "]",
        "$",
        "$ ",
        "\n",
        "\n    ",
        " ",
        "=",
        "==",
        "=>",
        "#",
        "##",
        "let",
        "x",
        "undo",
        "on_fail",
        "rollback",
        "if",
        "else",
        "for",
        "in",
        "not",
        "-",
        ".",
        "?.",
        "5m",
        "5",
        "%",
        ",",
        ":",
        ";",
        "try",
        "reads",
        "\\",
        "\\\n",
        "\r\n",
        "\t",
        "é",
        "\u{feff}",
        "$${",
        "$(",
        "env",
        "param",
        "test",
        "mock",
        "expect",
        "list<",
        "?",
        "|",
        "with",
        "on",
        "within",
        "every",
        "choose",
        "checklist",
        "runbook",
        "action",
        "retry",
        "and",
        "or",
        "mod",
        "“",
        "1h30m",
        "null",
        "True",
        "\0",
    ]);
    prop_oneof![9 => words.prop_map(str::to_owned), 1 => any::<String>()]
}

fn mutated() -> impl Strategy<Value = String> {
    let cuts = prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, piece()), 1..6);
    (prop::sample::select(SAMPLES.to_vec()), cuts).prop_map(|(sample, cuts)| {
        let mut chars: Vec<char> = sample.chars().collect();
        for (at, length, insert) in cuts {
            let start = at.index(chars.len() + 1);
            let end = (start + length).min(chars.len());
            chars.splice(start..end, insert.chars());
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_words_are_read(pieces in prop::collection::vec(piece(), 0..60)) {
        let text = pieces.concat();
        check(&text);
        let _ = parse_expr(FileId(0), &text);
        let _ = parse_type(&text);
    }

    #[test]
    fn broken_files_are_read(text in mutated()) {
        check(&text);
    }
}
