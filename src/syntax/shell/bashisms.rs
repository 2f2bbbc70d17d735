//! What bash understands and a POSIX sh does not.

use std::fmt;

use super::At;

/// One use of a feature that needs bash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bashism {
    /// Where.
    pub at: At,
    /// What.
    pub feature: Feature,
}

/// A feature that needs bash; its `Display` is how a user writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// `[[ … ]]`
    DoubleBracket,
    /// `((…))` as a command
    ArithmeticCommand,
    /// `for ((…;…;…))`
    ArithmeticFor,
    /// `NAME=(…)`, `NAME[…]=…`, `${NAME[…]}`
    Array,
    /// `NAME+=…`
    Append,
    /// `<<<`
    HereString,
    /// `<(…)`, `>(…)`
    ProcessSubstitution,
    /// `${NAME/…}`, `${NAME:…}`, `${NAME^}`, `${!NAME}` and the like
    Expansion,
    /// `&>`, `&>>`, `>&file`
    RedirectBoth,
    /// `|&`
    PipeBoth,
    /// `;&`, `;;&`
    FallThrough,
    /// `function name`
    FunctionKeyword,
    /// `$'…'`
    AnsiCQuote,
    /// `$"…"`
    LocaleQuote,
    /// `{a,b}`, `{1..3}`
    BraceExpansion,
    /// `select`
    Select,
    /// `coproc`
    Coproc,
    /// A builtin that only bash has, such as `source`, `declare` or `mapfile`
    Builtin(&'static str),
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Feature::DoubleBracket => "[[ … ]]",
            Feature::ArithmeticCommand => "((…))",
            Feature::ArithmeticFor => "for ((…))",
            Feature::Array => "an array",
            Feature::Append => "NAME+=…",
            Feature::HereString => "<<<",
            Feature::ProcessSubstitution => "<(…)",
            Feature::Expansion => "an expansion such as ${NAME/…}",
            Feature::RedirectBoth => "&>",
            Feature::PipeBoth => "|&",
            Feature::FallThrough => ";&",
            Feature::FunctionKeyword => "function",
            Feature::AnsiCQuote => "$'…'",
            Feature::LocaleQuote => "$\"…\"",
            Feature::BraceExpansion => "{a,b}",
            Feature::Select => "select",
            Feature::Coproc => "coproc",
            Feature::Builtin(name) => name,
        })
    }
}

/// Builtins that dash, standing for POSIX, does not have and for which there is no program either.
const BUILTINS: &[&str] = &[
    "bind",
    "builtin",
    "caller",
    "compgen",
    "complete",
    "compopt",
    "declare",
    "dirs",
    "disown",
    "enable",
    "help",
    "history",
    "let",
    "logout",
    "mapfile",
    "popd",
    "pushd",
    "readarray",
    "shopt",
    "source",
    "suspend",
    "typeset",
];

/// The feature that a command's name stands for, if it needs bash.
pub(super) fn builtin(name: &str) -> Option<Feature> {
    BUILTINS.iter().find(|builtin| **builtin == name).map(|builtin| Feature::Builtin(builtin))
}
