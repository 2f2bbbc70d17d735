//! The certificates that servers show.

use std::net::IpAddr;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

use super::args::{duration, int, later, optional_text, shown, text};
use crate::catalog::{Action, ActionError, Args, Effect, Inverse, Param};
use crate::host::{StartTls, TlsRequest};
use crate::value::{Value, hex};

pub(super) static CERTIFICATE: Action = Action {
    name: "tls.certificate",
    summary: "The certificate that a server shows, and how long it is good",
    details: "Whether or not it is to be believed: `verified` says so, and `why` why not. `left` is how long it is still \
              good, less than nothing when it has expired. `names` are the host names and addresses that it is for, \
              `chain` those that the server sent after it, in their order. Nothing is sent to the server but the \
              question. Ports that begin in clear (25, 587, 143, 5432) are asked for TLS as `starttls` says.",
    effect: Effect::Reads,
    params: &[
        Param { name: "host", ty: "string", default: None, doc: "A name or an address." },
        Param {
            name: "port",
            ty: "int?",
            default: Some("null"),
            doc: "1 to 65535; 443 if left out, with `starttls` that of its service.",
        },
        Param {
            name: "name",
            ty: "string?",
            default: Some("null"),
            doc: "The host name to ask for, if it is another: to look at one server behind a balancer.",
        },
        Param {
            name: "ca",
            ty: "string?",
            default: Some("null"),
            doc: "A file with those who are trusted, in place of the system's.",
        },
        Param {
            name: "starttls",
            ty: "string?",
            default: Some("null"),
            doc: "How TLS is asked for where it does not begin by itself: `smtp`, `imap` or `postgres`.",
        },
        Param { name: "timeout", ty: "duration", default: Some("10s"), doc: "For all of it." },
    ],
    returns: "{ subject: string, issuer: string, names: list<string>, not_before: instant, not_after: instant, \
              left: duration, days_left: int, verified: bool, why: string?, serial: string, sha256: string, \
              protocol: string, chain: list<{ subject: string, issuer: string, not_after: instant }> }",
    examples: &[
        "let certificate = tls.certificate(\"shop.example\")\n    assert certificate.verified and certificate.left > 14d",
        "let certificate = tls.certificate(\"mail.example\", port: 587, starttls: \"smtp\")",
    ],
    show: |args| {
        let port = match (args.get("port"), starttls(args)) {
            (Value::Null, Ok(kind)) => kind.map_or(443, StartTls::port).to_string(),
            (port, _) => port.to_text(),
        };
        format!("look at the certificate of {}:{port}", shown(args, "host"))
    },
    run: |call| {
        later(async move {
            let starttls = starttls(call.args)?;
            let port = int(call.args, "port").unwrap_or(starttls.map_or(443, StartTls::port).into());
            let port = u16::try_from(port).ok().filter(|port| *port > 0);
            let request = TlsRequest {
                host: text(call.args, "host"),
                port: port.ok_or_else(|| ActionError::failed("a port is a number from 1 to 65535"))?,
                name: optional_text(call.args, "name"),
                ca: optional_text(call.args, "ca").map(|given| match &call.surroundings.dir {
                    Some(dir) => dir.join(given),
                    None => PathBuf::from(given),
                }),
                starttls,
                limit: duration(call.args, "timeout").unwrap_or(std::time::Duration::from_secs(10)),
            };
            let seen = call.host.tls(&request, call.cancel).await.map_err(super::net::failed)?;
            let unreadable = |error: x509_cert::der::Error| {
                ActionError::failed(format!("the certificate of {} cannot be read: {error}", request.host))
            };
            let read = |der: &Vec<u8>| Certificate::from_der(der).map_err(unreadable);
            let [own, chain @ ..] = seen.chain.as_slice() else {
                return Err(ActionError::failed(format!("{} showed no certificate", request.host)));
            };
            let sha256 = hex(&Sha256::digest(own));
            let own = read(own)?;
            let after = until(&own);
            let left = after.as_nanosecond() - call.host.now().as_nanosecond();
            let left = i64::try_from(left).unwrap_or(if left < 0 { i64::MIN } else { i64::MAX });
            let chain: Vec<Value> =
                chain.iter().map(|der| read(der).map(|one| above(&one))).collect::<Result<_, _>>()?;
            let of = own.tbs_certificate();
            Ok(Value::record([
                ("subject", Value::from(of.subject().to_string())),
                ("issuer", Value::from(of.issuer().to_string())),
                ("names", Value::list(names(&own).into_iter().map(Value::from))),
                ("not_before", Value::Instant(instant(of.validity().not_before))),
                ("not_after", Value::Instant(after)),
                ("left", Value::Duration(left)),
                ("days_left", Value::Int(left.div_euclid(24 * 3600 * 1_000_000_000))),
                ("verified", Value::Bool(seen.doubt.is_none())),
                ("why", seen.doubt.map_or(Value::Null, Value::from)),
                ("serial", Value::from(hex(of.serial_number().as_bytes()))),
                ("sha256", Value::from(sha256)),
                ("protocol", Value::from(seen.protocol)),
                ("chain", Value::list(chain)),
            ]))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| {
        let Value::Record(seen) = value else { return None };
        let of = |name: &str| seen.get(name).map(Value::to_text).unwrap_or_default();
        let why = seen.get("why").and_then(Value::as_text).map_or_else(String::new, |why| format!(", and {why}"));
        Some(format!("{} by {}, good until {}{why}", of("subject"), of("issuer"), of("not_after")))
    },
};

fn starttls(args: &Args) -> Result<Option<StartTls>, ActionError> {
    let Some(given) = optional_text(args, "starttls") else { return Ok(None) };
    let found = StartTls::ALL.into_iter().find(|kind| kind.word() == given);
    found.map(Some).ok_or_else(|| {
        super::args::not_begun(format!("`starttls` does not know `{given}`"))
            .help("`smtp`, `imap` or `postgres`; where TLS begins by itself (443, 465, 636, 993) leave it out")
    })
}

/// One that stands above the server's own.
fn above(certificate: &Certificate) -> Value {
    let of = certificate.tbs_certificate();
    Value::record([
        ("subject", Value::from(of.subject().to_string())),
        ("issuer", Value::from(of.issuer().to_string())),
        ("not_after", Value::Instant(until(certificate))),
    ])
}

fn until(certificate: &Certificate) -> jiff::Timestamp {
    instant(certificate.tbs_certificate().validity().not_after)
}

fn instant(time: Time) -> jiff::Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX)
}

/// Host names and addresses, as they are asked for.
fn names(certificate: &Certificate) -> Vec<String> {
    let Ok(Some((_, SubjectAltName(names)))) = certificate.tbs_certificate().get_extension() else { return Vec::new() };
    let name = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => match *bytes.as_bytes() {
            [a, b, c, d] => Some(IpAddr::from([a, b, c, d]).to_string()),
            ref bytes => <[u8; 16]>::try_from(bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
        },
        _ => None,
    };
    names.iter().filter_map(name).collect()
}
