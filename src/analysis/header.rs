//! The header: what is said of a runbook as a whole.

use super::lower::Lower;
use super::program::{Header, Need, OnInterrupt, Window};
use crate::diag::{Diagnostic, code, did_you_mean};
use crate::eval::{Expr, ExprKind};
use crate::source::Span;
use crate::syntax::tree;
use crate::value::{Type, Value};

const KEYS: &[&str] =
    &["owner", "version", "lock", "needs", "window", "timeout", "on_interrupt", "tags", "links", "description"];

impl Lower<'_, '_, '_> {
    pub(super) fn header(&mut self, written: &tree::Header) -> Header {
        let mut header = Header { title: Some(self.string(&written.title).0), ..Header::default() };
        for entry in &written.entries {
            let outer = std::mem::replace(&mut self.early, true);
            let (value, ty) = self.pure(&entry.value, "the header");
            self.early = outer;
            let span = entry.value.span;
            let wants = |lower: &mut Self, wanted: Type| {
                lower.must_fit(&ty, &wanted, span, format_args!("`{}`", entry.key.name));
            };
            match &*entry.key.name {
                "owner" => {
                    wants(self, Type::String);
                    header.owner = text(&value);
                }
                "version" => header.version = text(&value),
                "description" => wants(self, Type::String),
                "lock" => {
                    wants(self, Type::String);
                    header.lock = Some(value);
                }
                "timeout" => {
                    wants(self, Type::Duration);
                    header.timeout = Some(value);
                }
                "window" => {
                    wants(self, Type::String);
                    if let Some(plain) = text(&value)
                        && let Err(why) = crate::value::window::Window::parse(&plain)
                    {
                        let message = "this window could not be read";
                        self.report(Diagnostic::error(&code::HEADER, span, message, "").help(why));
                    }
                    header.window = Some(Window { value });
                }
                "tags" => {
                    wants(self, Type::list(Type::String));
                    header.tags = texts(&value);
                }
                "needs" => {
                    wants(self, Type::list(Type::String));
                    header.needs = texts(&value).iter().filter_map(|need| self.need(need, span)).collect();
                }
                "links" => {
                    if let ExprKind::Record(fields) = &value.kind {
                        header.links =
                            fields.iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect();
                    } else {
                        wants(self, Type::any_record());
                    }
                }
                "on_interrupt" => match text(&value).as_deref() {
                    Some("hold") => header.on_interrupt = OnInterrupt::Hold,
                    Some("rollback") => header.on_interrupt = OnInterrupt::Rollback,
                    _ => {
                        let message = "`on_interrupt` is \"hold\" or \"rollback\"";
                        let help =
                            "write on_interrupt = \"hold\" to be able to go on, \"rollback\" to take the run back";
                        self.report(Diagnostic::error(&code::HEADER, span, message, "").help(help));
                    }
                },
                other => {
                    let help = match did_you_mean(other, KEYS.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("a header says: {}", KEYS.join(", ")),
                    };
                    let message = format!("a header has no `{other}`");
                    self.report(Diagnostic::error(&code::HEADER, entry.key.span, message, "").help(help));
                }
            }
        }
        header
    }

    /// `gcloud >= 450`
    fn need(&mut self, need: &str, span: Span) -> Option<Need> {
        let (tool, at_least) = match need.split_once(">=") {
            Some((tool, version)) => (tool.trim(), Some(version.trim().to_owned())),
            None => (need.trim(), None),
        };
        let plain = !tool.is_empty() && tool.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+/".contains(c));
        let version = at_least.as_deref().is_none_or(|version| version.starts_with(|c: char| c.is_ascii_digit()));
        if !plain || !version {
            let message = format!("`{need}` does not name a tool");
            let help = "write the program, and its least version if that matters: \"gcloud >= 450\"";
            self.report(Diagnostic::error(&code::HEADER, span, message, "").help(help));
            return None;
        }
        Some(Need { tool: tool.to_owned(), at_least, span })
    }
}

fn text(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Const(value) => Some(value.to_text()),
        _ => None,
    }
}

fn texts(expr: &Expr) -> Vec<String> {
    match &expr.kind {
        ExprKind::List(items) => items.iter().filter_map(text).collect(),
        ExprKind::Const(Value::List(items)) => items.iter().map(Value::to_text).collect(),
        _ => Vec::new(),
    }
}
