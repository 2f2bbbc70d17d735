//! A secret in an address: it ends up in the logs of every server on the way.

use std::sync::LazyLock;

use regex::Regex;

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{Subject, path};
use crate::lint::words::sounds_secret;
use crate::syntax::tree::{StmtKind, StrPart};

rule!("RBK0314" "secret-in-url" Warning, check);

/// `https://user:word@host`
static CREDENTIALS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[a-z][a-z0-9+.-]*://[^/\s:@'\x22]*:([^/\s@'\x22]+)@").ok());

/// `?token=…`
static QUERY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        https?://[^\s'\x22]* [?&]
        (?i: access_token | auth_token | token | api_?key | password | passwd | secret | client_secret )
        = ( [^&\s'\x22]+ )
        ",
    )
    .ok()
});

/// What stands for a value in the text that is searched.
const VALUE: &str = "\u{1}";

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let texts = subject.texts.iter().map(|(text, site)| (text.parts.as_slice(), *site, text.span, false));
    let commands = subject.commands.iter().filter(|command| command.written.is_some());
    let commands = commands.map(|command| (command.parts, command.site, command.span, true));
    let declared = super::secret_in_command::declared(subject);
    for (parts, site, span, is_command) in texts.chain(commands) {
        let is_address = |part: &StrPart| matches!(part, StrPart::Text(text, _) if text.contains("://"));
        if !parts.iter().any(is_address) || subject.from(site).any(|stmt| matches!(stmt.kind, StmtKind::Test(_))) {
            continue;
        }
        let text: String = parts
            .iter()
            .map(|part| match part {
                StrPart::Text(text, _) => &**text,
                StrPart::Hole(..) => VALUE,
            })
            .collect();
        let captured = |regex: &LazyLock<Option<Regex>>| {
            let captures = regex.as_ref().and_then(|regex| regex.captures(&text))?;
            captures.get(1).map(|secret| secret.as_str().to_owned())
        };
        let Some(secret) = captured(&CREDENTIALS).or_else(|| captured(&QUERY)) else { continue };
        // A value counts only if it sounds like a secret, and a declared one is kept out of what is seen.
        let shows = !secret.contains(VALUE)
            || (is_command || text.starts_with("http"))
                && parts.iter().any(|part| match part {
                    StrPart::Hole(expr, _) => path(expr).is_some_and(|name| {
                        sounds_secret(name.rsplit('.').next().unwrap_or(&name)) && !declared.contains(&name.as_str())
                    }),
                    StrPart::Text(..) => false,
                });
        if shows {
            let message = "a secret stands in an address: it is logged by every server on its way";
            let help = "give it in a header, which is not: http.get(url, bearer: token) or basic: { user: \"…\", \
                password: … }; to a program by `with`";
            found.push(RULE.at(span, message, "has a secret in it").help(help));
        }
    }
}
