//! Any text is read without a panic, and everything said about it lies within it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rbk::source::{FileId, Span};
use rbk::syntax::{parse, parse_expr, parse_type};

fuzz_target!(|text: &str| {
    let within = |span: Span| assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?}");
    let parsed = parse(FileId(0), text);
    for diagnostic in &parsed.diagnostics {
        diagnostic.labels.iter().for_each(|label| within(label.span));
        diagnostic.fix.iter().for_each(|fix| within(fix.span));
    }
    parsed.file.comments.iter().for_each(|comment| within(comment.span));
    parsed.file.body.iter().for_each(|statement| within(statement.span));
    let _ = parse_expr(FileId(0), text);
    let _ = parse_type(text);
});
