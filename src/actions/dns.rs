//! What name servers say.

use super::args::{duration, later, optional_text, shown, text};
use crate::catalog::{Action, Effect, Inverse, Param};
use crate::host::DnsRequest;
use crate::value::Value;

pub(super) static LOOKUP: Action = Action {
    name: "dns.lookup",
    summary: "Ask name servers for the records of a name",
    details: "The data of the records of that type as texts, sorted; none is an empty list, also when there is no such \
              name, so that a check says what it must be. A mail server is `10 mail.shop.example`. The name servers of \
              the system are asked (`/etc/resolv.conf`; `/etc/hosts` does not count), or the one that is given: with \
              each of a zone's own, a change is seen before the caches know it. With `type: \"PTR\"` an address has its \
              names looked up.",
    effect: Effect::Reads,
    params: &[
        Param { name: "name", ty: "string", default: None, doc: "The whole name." },
        Param {
            name: "type",
            ty: "string",
            default: Some("\"A\""),
            doc: "`A`, `AAAA`, `CNAME`, `MX`, `NS`, `TXT`, `SRV`, `SOA`, `CAA`, `PTR`.",
        },
        SERVER,
        TIMEOUT,
    ],
    returns: "list<string>",
    examples: &[
        "let addresses = dns.lookup(\"shop.example\")",
        "let alias = dns.lookup(\"www.shop.example\", type: \"CNAME\", server: \"1.1.1.1\")",
    ],
    show: |args| format!("look up {} {}", shown(args, "type"), shown(args, "name")),
    run: |call| {
        later(async move {
            let answer = call.host.dns(&request(call.args), call.cancel).await.map_err(super::net::failed)?;
            let kind = kind(call.args);
            let mut found: Vec<String> =
                answer.records.into_iter().filter(|record| record.kind == kind).map(|record| record.data).collect();
            found.sort();
            Ok(Value::list(found.into_iter().map(Value::from)))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| Some(format!("name servers say {}", value.inspect())),
};

pub(super) static RECORDS: Action = Action {
    name: "dns.records",
    summary: "Ask a name server, and see all of its answer",
    details: "Every record of the answer in its order, aliases on the way included, each with how long others may keep \
              it: before a move, to see that the old answer will be forgotten in time. `exists` is false when there is \
              no such name at all; `server` is who answered.",
    effect: Effect::Reads,
    params: &[
        Param { name: "name", ty: "string", default: None, doc: "The whole name." },
        Param { name: "type", ty: "string", default: Some("\"A\""), doc: "As with `dns.lookup`." },
        SERVER,
        TIMEOUT,
    ],
    returns: "{ records: list<{ name: string, type: string, data: string, ttl: duration }>, exists: bool, server: string }",
    examples: &["let answer = dns.records(\"www.shop.example\")\n    assert answer.records.all(one => one.ttl <= 5m)"],
    show: |args| format!("look up {} {}", shown(args, "type"), shown(args, "name")),
    run: |call| {
        later(async move {
            let answer = call.host.dns(&request(call.args), call.cancel).await.map_err(super::net::failed)?;
            let records = answer.records.into_iter().map(|record| {
                Value::record([
                    ("name", Value::from(record.name)),
                    ("type", Value::from(record.kind)),
                    ("data", Value::from(record.data)),
                    ("ttl", Value::Duration(i64::try_from(record.ttl.as_nanos()).unwrap_or(i64::MAX))),
                ])
            });
            Ok(Value::record([
                ("records", Value::list(records)),
                ("exists", Value::Bool(!answer.no_such_name)),
                ("server", Value::from(answer.server)),
            ]))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| Some(format!("it answered {}", value.inspect())),
};

const SERVER: Param = Param {
    name: "server",
    ty: "string?",
    default: Some("null"),
    doc: "The name server: an address or a name, with a port if that is not 53.",
};
const TIMEOUT: Param = Param {
    name: "timeout",
    ty: "duration",
    default: Some("10s"),
    doc: "For the answer, all servers and tries included.",
};

fn kind(args: &crate::catalog::Args) -> String {
    optional_text(args, "type").unwrap_or_else(|| "A".to_owned()).to_uppercase()
}

fn request(args: &crate::catalog::Args) -> DnsRequest {
    DnsRequest {
        name: text(args, "name"),
        kind: kind(args),
        server: optional_text(args, "server"),
        limit: duration(args, "timeout").unwrap_or(std::time::Duration::from_secs(10)),
    }
}
