//! Any command around any value: lexing ends, every hole has a place, and quoting answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rbk::syntax::shell::{Arg, Piece, Place, changes, lex, lost_setting, quote};

fuzz_target!(|input: (String, String)| {
    let (command, value) = input;
    let mut pieces = Vec::new();
    for (index, text) in command.split('§').enumerate() {
        if index > 0 {
            pieces.push(Piece::Hole);
        }
        pieces.push(Piece::Text(text));
    }
    let script = lex(&pieces);
    let holes = pieces.iter().filter(|piece| **piece == Piece::Hole).count();
    assert_eq!(script.contexts.len(), holes);
    let list = [value.clone(), String::new()];
    for context in &script.contexts {
        assert!(context.place != Place::Nowhere || !script.problems.is_empty(), "refused without a word");
        let _ = quote(context, Arg::One(&value));
        let quoted = quote(context, Arg::Many(&list));
        assert!(context.takes_list() || quoted.is_err());
    }
    for command in &script.commands {
        let _ = changes(command);
    }
    let _ = lost_setting(&script);
});
