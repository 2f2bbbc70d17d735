//! What stands between a title and its block.

use super::super::program::{Modifiers, Retry};
use super::Lower;
use crate::diag::{Diagnostic, code};
use crate::syntax::seldom::Seldom;
use crate::syntax::tree::{self, ScopeKind};
use crate::value::Type;

pub(super) const STEP: &[&str] = &["when", "timeout", "retry", "tags"];

/// The modifiers that make sense on a scope.
pub(super) fn allowed(kind: ScopeKind) -> &'static [&'static str] {
    match kind {
        ScopeKind::Phase | ScopeKind::Step => STEP,
        ScopeKind::Check => &["when", "timeout", "retry", "within", "every", "tags"],
        ScopeKind::Monitor => &["when", "timeout", "for", "every", "tags"],
        ScopeKind::Guard => &["when", "every", "tags"],
    }
}

impl Lower<'_, '_, '_> {
    /// Modifiers. `allowed` are those that make sense here.
    pub(super) fn modifiers(
        &mut self,
        modifiers: &Seldom<tree::Modifiers>,
        word: &str,
        allowed: &[&str],
    ) -> Seldom<Modifiers> {
        if modifiers.is_empty() {
            return Seldom::default();
        }
        let mut lowered = Modifiers::default();
        let typed = |lower: &mut Self, expr: &Option<tree::Expr>, name: &str, ty: Type| {
            let expr = expr.as_ref()?;
            if !allowed.contains(&name) {
                let message = format!("`{name}` makes no sense on a {word}");
                let help = takes(word, allowed);
                lower.report(Diagnostic::error(&code::MODIFIER, expr.span, message, "").help(help));
                return None;
            }
            let (value, given) = lower.expr(expr);
            lower.must_fit(&given, &ty, expr.span, format_args!("`{name}`"));
            Some(value)
        };
        lowered.when = typed(self, &modifiers.when, "when", Type::Bool);
        lowered.timeout = typed(self, &modifiers.timeout, "timeout", Type::Duration);
        lowered.within = typed(self, &modifiers.within, "within", Type::Duration);
        lowered.every = typed(self, &modifiers.every, "every", Type::Duration);
        lowered.duration = typed(self, &modifiers.duration, "for", Type::Duration);
        let _ = typed(self, &modifiers.tolerate, "tolerate", Type::Any);
        let tags = typed(self, &modifiers.tags, "tags", Type::list(Type::String));
        lowered.tags = tags.as_ref().map(super::story::constant_texts).unwrap_or_default();
        if let Some(retry) = &modifiers.retry {
            if !allowed.contains(&"retry") {
                let message = format!("`retry` makes no sense on a {word}");
                let help = takes(word, allowed);
                self.report(Diagnostic::error(&code::MODIFIER, retry.span, message, "").help(help));
            }
            let (count, ty) = self.expr(&retry.count);
            self.must_fit(&ty, &Type::Int, retry.count.span, "how often to retry");
            let after = retry.after.as_ref().map(|after| {
                let (value, ty) = self.expr(after);
                self.must_fit(&ty, &Type::Duration, after.span, "the pause before a retry");
                value
            });
            let backoff = retry.backoff.as_ref().map(|backoff| {
                let (value, ty) = self.expr(backoff);
                self.must_fit(&ty, &Type::Float, backoff.span, "`backoff`");
                value
            });
            lowered.retry = Some(Retry { count, after, backoff });
        }
        lowered.danger = modifiers.danger.as_ref().map(|text| self.title(text));
        lowered.irreversible = modifiers.irreversible.as_ref().map(|text| self.title(text));
        lowered.into()
    }
}

/// What can be said of a scope.
fn takes(word: &str, allowed: &[&str]) -> String {
    if allowed.is_empty() { "leave it out".to_owned() } else { format!("a {word} takes: {}", allowed.join(", ")) }
}
