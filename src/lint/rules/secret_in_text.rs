//! What sounds like a secret in a text that people read and the record keeps.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{Subject, path};
use crate::lint::words::sounds_secret;
use crate::syntax::tree::{Expr, ExprKind, StmtKind, StrLit, StrPart};

rule!("RBK0315" "secret-in-text" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let declared = super::secret_in_command::declared(subject);
    for site in &subject.sites {
        for (what, text) in read_by_people(&site.stmt.kind) {
            for part in &text.parts {
                let StrPart::Hole(expr, span) = part else { continue };
                let Some(name) = path(expr) else { continue };
                let first = name.split('.').next().unwrap_or(&name);
                if declared.contains(&first) || !sounds_secret(name.rsplit('.').next().unwrap_or(&name)) {
                    continue;
                }
                let message = format!("`{name}` looks like a secret, and {what} is shown and kept in the record");
                let help = format!("leave it out; or declare it, and it is masked wherever it turns up: secret \
                    {first} from env_var(\"{}\")", first.to_uppercase());
                found.push(RULE.at(*span, message, "for everybody to read").help(help));
            }
        }
    }
}

/// The texts of a statement that are shown.
fn read_by_people(kind: &StmtKind) -> Vec<(&'static str, &StrLit)> {
    match kind {
        StmtKind::Note(expr) | StmtKind::Warn(expr) => text("a note", expr),
        StmtKind::Fail(expr) | StmtKind::Finish(expr) => text("a reason", expr),
        StmtKind::Scope(scope) => vec![("a title", &scope.title)],
        StmtKind::Confirm(confirm) => vec![("a question", &confirm.question)],
        StmtKind::Approve(approve) => vec![("a question", &approve.what)],
        StmtKind::Manual(manual) => {
            std::iter::once(("a title", &manual.title)).chain(manual.how.as_ref().map(|how| ("what to \
                do", how))).collect()
        }
        _ => Vec::new(),
    }
}

fn text<'t>(what: &'static str, expr: &'t Expr) -> Vec<(&'static str, &'t StrLit)> {
    match &expr.kind {
        ExprKind::Str(text) => vec![(what, text)],
        _ => Vec::new(),
    }
}
