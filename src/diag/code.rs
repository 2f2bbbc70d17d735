//! The registry of codes. A code never changes its meaning and is never reused.
//!
//! `RBK00xx`: reading the text. `RBK01xx`: names, types, effects. `RBK02xx`: commands
//! and interpolation. `RBK03xx`: what `rbk lint` finds, listed beside its rules. `RBK04xx`: what
//! happens while running. `RBK05xx`: the project's settings.

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

    UNKNOWN_NAME = "RBK0101" "unknown-name";
    DUPLICATE_NAME = "RBK0102" "duplicate-name";
    UNBOUND = "RBK0103" "possibly-unbound";
    NOT_ASSIGNABLE = "RBK0104" "not-assignable";
    UNKNOWN_MEMBER = "RBK0105" "unknown-member";
    WRONG_TYPE = "RBK0106" "wrong-type";
    WRONG_ARGUMENT = "RBK0107" "wrong-argument";
    MISPLACED = "RBK0108" "misplaced";
    EFFECT = "RBK0109" "effect";
    NEEDS_STEP = "RBK0110" "needs-step";
    BIND_FIRST = "RBK0111" "bind-it-first";
    MISSING_IN_ENVIRONMENT = "RBK0112" "missing-in-environment";
    ENVIRONMENT = "RBK0113" "environment";
    NO_MODULE = "RBK0114" "no-module";
    HEADER = "RBK0115" "header";
    MODIFIER = "RBK0116" "modifier";
    NOT_AVAILABLE = "RBK0117" "not-available";
    SECRET_EXPOSED = "RBK0118" "secret-exposed";
    LATE_COMPENSATION = "RBK0119" "late-compensation";

    COMMAND = "RBK0201" "command";
    HOLE_NAME = "RBK0202" "hole-name";
    FOREIGN = "RBK0203" "foreign-interpreter";
    LOST_SETTING = "RBK0204" "lost-setting";
    RAW = "RBK0205" "raw";
    NOT_A_LITERAL = "RBK0206" "not-a-literal";
    STATEMENT = "RBK0207" "statement";

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

    SETTINGS = "RBK0501" "settings";
}

/// Looks up `RBK0101` or `unknown-name`, whatever its case.
pub fn find(name: &str) -> Option<&'static Code> {
    ALL.iter().copied().find(|code| code.id.eq_ignore_ascii_case(name) || code.name.eq_ignore_ascii_case(name))
}
