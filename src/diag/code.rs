//! The registry of codes. A code never changes its meaning and is never reused.
//!
//! `RBK00xx`: reading the text. `RBK01xx`: names, types, effects. `RBK02xx`: commands
//! and interpolation. `RBK04xx`: what happens while running.

/// A kind of diagnostic.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `RBK0101`.
    pub id: &'static str,
    /// `unknown-name`: how people select and suppress it.
    pub name: &'static str,
    /// The page `rbk explain` prints: Markdown, its first line the title.
    pub page: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $id:literal $name:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "` ", $name, ".")]
            pub static $constant: Code = Code {
                id: $id,
                name: $name,
                page: include_str!(concat!("codes/", $name, ".md")),
            };
        )*
        /// Every code, by number.
        pub static ALL: &[&Code] = &[$(&$constant),*];
    };
}

codes! {
    SYNTAX = "RBK0001" "syntax";
    TOO_LARGE = "RBK0002" "too-large";
    NOT_UTF8 = "RBK0003" "not-utf8";
    UNCLOSED = "RBK0004" "unclosed";
    BAD_NUMBER = "RBK0005" "bad-number";
    BAD_STRING = "RBK0006" "bad-string";
    OPERATOR = "RBK0007" "wrong-operator";
    COMMAND_LINE = "RBK0008" "command-owns-its-line";
    MISPLACED_CLAUSE = "RBK0009" "misplaced-clause";
    DUPLICATE = "RBK0010" "duplicate-modifier";
    UNKNOWN_WORD = "RBK0011" "unknown-word";
    UNQUOTED_TITLE = "RBK0012" "unquoted-title";
}

/// Looks up `RBK0101` or `unknown-name`, whatever its case.
pub fn find(name: &str) -> Option<&'static Code> {
    ALL.iter().copied().find(|code| code.id.eq_ignore_ascii_case(name) || code.name.eq_ignore_ascii_case(name))
}
