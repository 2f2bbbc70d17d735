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

    ASSERT_FAILED = "RBK0401" "assert-failed";
    ACTION_FAILED = "RBK0402" "action-failed";
    TIMED_OUT = "RBK0403" "timed-out";
    TRIPPED = "RBK0404" "tripped";
    INCONCLUSIVE = "RBK0405" "inconclusive";
    FAILED_BY_RUNBOOK = "RBK0406" "failed-by-runbook";
    REFUSED = "RBK0407" "refused";
    NOBODY_ANSWERED = "RBK0408" "nobody-answered";
    NOT_COMPUTED = "RBK0409" "not-computed";
    CANCELLED = "RBK0410" "cancelled";
    JOURNAL_FAILED = "RBK0411" "journal-failed";
}

/// Looks up `RBK0101` or `unknown-name`, whatever its case.
pub fn find(name: &str) -> Option<&'static Code> {
    ALL.iter().copied().find(|code| code.id.eq_ignore_ascii_case(name) || code.name.eq_ignore_ascii_case(name))
}
