//! What a rule is.

use super::subject::Subject;
use crate::diag::{Code, Diagnostic, Severity};
use crate::source::Span;

/// One rule. Everything that is known of it is here: there is no second list.
pub struct Rule {
    /// Its code, its name and its page.
    pub code: Code,
    /// How bad a finding of it is.
    pub severity: Severity,
    /// Looks at a file.
    pub(crate) check: fn(&Subject<'_>, &mut Vec<Diagnostic>),
}

impl Rule {
    /// Whether it is called so: by name or code, whatever its case.
    pub fn is_called(&self, name: &str) -> bool {
        self.code.name.eq_ignore_ascii_case(name) || self.code.id.eq_ignore_ascii_case(name)
    }

    /// The first line of its page.
    pub fn title(&self) -> &'static str {
        self.code.page.lines().next().unwrap_or_default().trim_start_matches("# ")
    }

    /// A finding of it.
    pub(crate) fn at(&'static self, span: Span, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: self.severity, ..Diagnostic::error(&self.code, span, message, label) }
    }
}

/// `rule!("RBK0301" "no-way-back" Warning, check)` in the file of a rule; its page lies beside it.
macro_rules! rule {
    ($id:literal $name:literal $severity:ident, $check:expr) => {
        pub(crate) static RULE: $crate::lint::Rule = $crate::lint::Rule {
            code: $crate::diag::Code { id: $id, name: $name, page: include_str!(concat!($name, ".md")) },
            severity: $crate::diag::Severity::$severity,
            check: $check,
        };
    };
}

pub(crate) use rule;
