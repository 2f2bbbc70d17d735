//! `"https://${host}/items/${id}?q=${text}"` where an address is expected: what is put in is encoded by its place,
//! so that no value can change where the address leads.

use super::context::{Context, literal_length};
use super::error::EvalError;
use super::expr::{Expr, Part};
use crate::functions::url_component;
use crate::source::Span;
use crate::value::display;
use crate::value::limits::MAX_TEXT;
use crate::value::{Type, Value};

/// Where in an address the text so far ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Nothing yet: a hole here is the beginning of an address and taken as it is.
    Start,
    /// Within `https`.
    Scheme,
    /// Between `//` and the path: host and port.
    Authority,
    /// In the user and password of a database, before the `@`.
    User,
    /// Behind `sqlite:`
    File,
    /// Behind the host.
    Path,
    /// Behind `?`.
    Query,
    /// Behind `#`.
    Fragment,
}

/// The address with every hole filled.
pub(super) fn address(context: &mut Context<'_>, parts: &[Part], span: Span) -> Result<Value, EvalError> {
    let mut out = String::with_capacity(literal_length(parts));
    let (mut tainted, mut unknown) = (false, false);
    for (i, part) in parts.iter().enumerate() {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Hole(hole) => {
                let next = match parts.get(i + 1) {
                    Some(Part::Text(text)) => text.chars().next(),
                    Some(Part::Hole(_)) => Some('?'),
                    None => None,
                };
                let place = match place(&out) {
                    _ if i == 0 => Place::Start,
                    Place::Authority if is_database(&out) && comes_before_at(&parts[i + 1..]) => Place::User,
                    place => place,
                };
                context.with_hole(hole, |value| {
                    tainted |= value.holds_secret();
                    unknown |= value.holds_unknown();
                    fill(&mut out, value, place, next, hole)
                })??;
            }
        }
        if out.len() > MAX_TEXT {
            return Err(fault(span, "the address would be larger than 64MiB", "send what is large as the body"));
        }
    }
    Ok(if unknown { Value::Unknown(Type::Url) } else { Value::from(out) }.tainted(tainted))
}

fn fault(span: Span, message: impl Into<String>, help: &str) -> EvalError {
    EvalError::new(span, message).help(help)
}

fn fill(out: &mut String, value: &Value, place: Place, next: Option<char>, hole: &Expr) -> Result<(), EvalError> {
    if value.holds_unknown() {
        // The place of what follows depends on what stands here: anything harmless will do.
        out.push_str(if place == Place::Start { "https://unknown" } else { "unknown" });
        return Ok(());
    }
    if matches!(value.exposed(), Value::Null) {
        return Err(fault(hole.span, "null cannot be part of an address", "say what it is then: `${x ?? \"…\"}`"));
    }
    match place {
        Place::Start => {
            let start = display::exposed_text(value);
            // A base address often ends in the `/` with which the path begins.
            out.push_str(if next == Some('/') { start.trim_end_matches('/') } else { &start });
        }
        Place::Scheme | Place::Authority => {
            let text = display::exposed_text(value);
            if !host_or_port(out, &text, place) {
                let shown = if value.holds_secret() { display::MASK.to_owned() } else { display::quoted(&text, 40) };
                return Err(fault(
                    hole.span,
                    format!("{shown} is no host or port"),
                    "here stands `host`, `host:port` or `[address]`; a path begins with a `/` that is written out",
                ));
            }
            out.push_str(&text);
        }
        Place::Path => match value.exposed() {
            Value::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push('/');
                    }
                    segment(out, item, hole)?;
                }
            }
            single => segment(out, single, hole)?,
        },
        Place::File => {
            let text = display::exposed_text(value);
            let encoded: Vec<String> = text.split('/').map(url_component).collect();
            out.push_str(&encoded.join("/"));
        }
        Place::User | Place::Query | Place::Fragment => out.push_str(&url_component(&display::exposed_text(value))),
    }
    Ok(())
}

const DOTS: &str = "make sure of what it holds before it is used here";

/// A segment that consists of dots would walk up the path, encoded or not.
fn segment(out: &mut String, value: &Value, hole: &Expr) -> Result<(), EvalError> {
    let text = display::exposed_text(value);
    let whole = out.ends_with('/');
    if whole && (text == "." || text == "..") {
        return Err(fault(hole.span, format!("\"{text}\" as a segment would lead to another path"), DOTS));
    }
    if whole && text.is_empty() {
        return Err(fault(hole.span, "an empty text as a segment would lead to another path", DOTS));
    }
    out.push_str(&url_component(&text));
    Ok(())
}

/// A database takes name and password in its address, and nobody on the way writes them down.
fn is_database(so_far: &str) -> bool {
    let scheme = so_far.split_once("://").map(|(scheme, _)| scheme);
    matches!(scheme, Some("postgres" | "postgresql" | "mysql" | "mariadb" | "redis" | "rediss"))
}

/// Whether an `@` that is written out ends the part of the address that goes on here.
fn comes_before_at(rest: &[Part]) -> bool {
    for part in rest {
        if let Part::Text(text) = part
            && let Some(at) = text.find(['@', '/', '?', '#'])
        {
            return text[at..].starts_with('@');
        }
    }
    false
}

fn place(so_far: &str) -> Place {
    if so_far.contains('#') {
        return Place::Fragment;
    }
    if so_far.contains('?') {
        return Place::Query;
    }
    if so_far.starts_with("sqlite:") {
        return Place::File;
    }
    match so_far.split_once("://") {
        Some((_, rest)) if rest.contains('/') => Place::Path,
        Some(_) => Place::Authority,
        None if so_far.contains('/') => Place::Path,
        None if so_far.contains(':') => Place::Authority,
        None => Place::Scheme,
    }
}

/// What may stand between `//` and the path without changing whom the address speaks to. A name and a password
/// (`user@`) may not: they belong into a header.
fn host_or_port(so_far: &str, text: &str, place: Place) -> bool {
    let name = |text: &str| {
        !text.is_empty()
            && text.len() <= 253
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'))
            && !text.starts_with('.')
    };
    let port = |text: &str| text.parse::<u16>().is_ok();
    let address = |text: &str| {
        let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
    };
    if place == Place::Scheme {
        return matches!([so_far, text].concat().as_str(), "http" | "https" | "ws" | "wss");
    }
    if so_far.ends_with(':') {
        return port(text);
    }
    // Within a name that is already begun (`api-${region}.example`) only more of that name.
    if !so_far.ends_with("//") {
        return name(text);
    }
    match text.rsplit_once(':') {
        Some((host, number)) if !text.ends_with(']') => (name(host) || address(host)) && port(number),
        _ => name(text) || address(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::tests::{evaluate, span, text_part};
    use crate::eval::{Expr, ExprKind};

    fn url(parts: &[Result<&str, Value>]) -> String {
        let parts = parts
            .iter()
            .map(|part| match part {
                Ok(text) => text_part(text),
                Err(value) => Part::Hole(Expr { kind: ExprKind::Const(value.clone()), span: span() }),
            })
            .collect();
        match evaluate(&ExprKind::Url(parts), &[]) {
            Ok(value) => display::text(&value),
            Err(error) => format!("error: {}", error.message),
        }
    }

    fn hole(text: &str) -> Result<&'static str, Value> {
        Err(Value::from(text))
    }

    #[test]
    fn encodes_by_place() {
        assert_eq!(url(&[hole("https://a.example/x?y"), Ok("/api")]), "https://a.example/x?y/api");
        assert_eq!(url(&[hole("https://a.example/"), Ok("/api")]), "https://a.example/api");
        assert_eq!(url(&[Ok("https://a/items/"), hole("x/../y z"), Ok("/end")]), "https://a/items/x%2F..%2Fy%20z/end");
        assert_eq!(url(&[Ok("https://a/?q="), hole("a&b=c"), Ok("&n="), hole("5%")]), "https://a/?q=a%26b%3Dc&n=5%25");
        assert_eq!(
            url(&[Ok("https://a/"), Err(Value::list([Value::from("x"), Value::from("y/z")]))]),
            "https://a/x/y%2Fz"
        );
        assert_eq!(url(&[hole("https://a.example"), Ok("/items/"), hole("a?b")]), "https://a.example/items/a%3Fb");
    }

    #[test]
    fn a_host_is_only_a_host() {
        assert_eq!(url(&[Ok("https://"), hole("a.example:8080"), Ok("/x")]), "https://a.example:8080/x");
        assert_eq!(url(&[Ok("https://"), hole("[::1]"), Ok("/x")]), "https://[::1]/x");
        assert_eq!(
            url(&[Ok("https://api-"), hole("eu"), Ok(".example:"), Err(Value::Int(80))]),
            "https://api-eu.example:80"
        );
        for evil in ["evil.example/x", "a@evil.example", "a.example#", "a?b", "a\\b", "a b", "", "a:99999", "a:b:c"] {
            let result = url(&[Ok("https://"), hole(evil), Ok("/x")]);
            assert!(result.starts_with("error: "), "{evil}: {result}");
        }
        assert!(url(&[Ok("https://api"), hole(".evil.example@"), Ok(".example/")]).starts_with("error: "));
        assert!(url(&[Ok("https://a.example"), hole("@evil.example")]).starts_with("error: "));
    }

    #[test]
    fn a_database_has_a_user_and_a_file_has_a_path() {
        assert_eq!(
            url(&[Ok("postgres://app:"), hole("p@ss/w:rd"), Ok("@"), hole("db-1"), Ok(":5432/shop")]),
            "postgres://app:p%40ss%2Fw%3Ard@db-1:5432/shop"
        );
        assert_eq!(
            url(&[Ok("sqlite:"), hole("/tmp/a b?mode=rwc"), Ok("/x.db")]),
            "sqlite:/tmp/a%20b%3Fmode%3Drwc/x.db"
        );
        assert!(url(&[Ok("https://app:"), hole("p@ss"), Ok("@a.example/")]).starts_with("error: "));
        assert!(url(&[Ok("postgres://"), hole("a/b"), Ok("/shop?x=@")]).starts_with("error: "));
    }

    #[test]
    fn does_not_leave_its_path() {
        assert!(url(&[Ok("https://a/items/"), hole("..")]).contains("another path"));
        assert!(url(&[Ok("https://a/items/"), hole(""), Ok("/delete")]).contains("another path"));
        assert!(url(&[Ok("https://a/items/"), Err(Value::Null)]).contains("null cannot be part"));
        assert!(url(&[Ok("https://a/"), Err(Value::Unknown(Type::String))]).contains("known when it runs"));
        assert_eq!(url(&[Ok("https://a/"), Err(Value::from("x").tainted(true))]), "•••");
    }
}
