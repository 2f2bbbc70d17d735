//! Addresses that hold a user and a password: told without, and hidden.

use super::args::text;
use crate::catalog::Args;

/// Where something goes, for people: without user, password and query.
pub(super) fn place(args: &Args, name: &str) -> String {
    let value = args.get(name);
    if value.is_unknown() || value.holds_secret() {
        return String::new();
    }
    let address = text(args, name);
    let address = address.split(['?', '#']).next().unwrap_or_default();
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let (host, name) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!(" · {scheme}://{host}/{name}")
        }
        None => format!(" · {address}"),
    }
}

/// The password of an address that is a secret is one alone, too.
pub(super) fn learn_password(args: &Args, name: &str) {
    if !args.get(name).holds_secret() {
        return;
    }
    let address = text(args, name);
    let user = address.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    if let Some((_, password)) = user.and_then(|(user, _)| user.split_once(':')) {
        crate::mask::current().learn(password);
        let decoded = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
        crate::mask::current().learn(&decoded);
    }
}
