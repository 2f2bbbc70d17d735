//! Messages by lettre, one connection each.

use lettre::address::{Address, Envelope};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::tls::Trust;
use crate::host::{Cancel, MailError, MailRequest, MailStage};

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tls {
    /// From the first byte.
    AtOnce,
    /// As soon as the server has said that it can: a server that cannot is not sent anything.
    Asked,
    /// Never.
    No,
}

struct Server {
    host: String,
    port: u16,
    user: Option<(String, String)>,
    tls: Tls,
    trust: Trust,
}

fn server(url: &str) -> Result<Server, MailError> {
    let wrong = |why: String| {
        MailError::not_sent(
            format!("this is no address of a mail server: {why}"),
            "it is smtp://user:password@host:587, with TLS from the first byte smtps://…; what is no letter or digit in user and password is percent-encoded, as ${password} in a literal is",
        )
    };
    let parsed = url::Url::parse(url).map_err(|error| wrong(error.to_string()))?;
    let (mut tls, mut trust) = match parsed.scheme() {
        "smtp" => (Tls::Asked, Trust::System),
        "smtps" => (Tls::AtOnce, Trust::System),
        other => return Err(wrong(format!("`{other}:` is neither smtp nor smtps"))),
    };
    let host = parsed.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("it names no host".to_owned()))?;
    for (name, value) in parsed.query_pairs() {
        match (&*name, &*value) {
            ("tls", "none") if tls == Tls::Asked => tls = Tls::No,
            ("cacert", path) => trust = Trust::File(path.into()),
            ("insecure", "true") => trust = Trust::Anybody,
            _ => {
                return Err(wrong(format!(
                    "`{name}={value}` is not known; these are: cacert=FILE, insecure=true, and of smtp:// tls=none"
                )));
            }
        }
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = (!parsed.username().is_empty())
        .then(|| (decoded(parsed.username()), parsed.password().map(decoded).unwrap_or_default()));
    if user.is_some() && tls == Tls::No {
        return Err(wrong("with tls=none the password could be read by everybody on the way".to_owned()));
    }
    let port = parsed.port().unwrap_or(if tls == Tls::AtOnce { 465 } else { 587 });
    Ok(Server { host: host.trim_start_matches('[').trim_end_matches(']').to_owned(), port, user, tls, trust })
}

fn parameters(server: &Server) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(server.host.clone()).certificate_store(CertificateStore::None);
    let own: Vec<CertificateDer<'_>> = match &server.trust {
        Trust::System => rustls_native_certs::load_native_certs().certs,
        Trust::File(path) => {
            let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
            found.map_err(|error| format!("{}: {error}", path.display()))?
        }
        Trust::Anybody => {
            builder = builder.dangerous_accept_invalid_certs(true);
            Vec::new()
        }
    };
    for certificate in own {
        // One that cannot be read vouches for nobody.
        if let Ok(certificate) = Certificate::from_der(certificate.to_vec()) {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(|error| error.to_string())
}

/// Hands a message over. Gives what the server says of it.
pub(super) async fn send(request: &MailRequest, machine: &str, cancel: &Cancel) -> Result<String, MailError> {
    let server = server(&request.url)?;
    let peer = format!("{}:{}", server.host, server.port);
    let handed = std::cell::Cell::new(MailStage::NotSent);
    let stopped = |why: String, help: Option<&str>| {
        Err(MailError { message: why, help: help.map(str::to_owned), stage: handed.get() })
    };
    let mut work = std::pin::pin!(exchange(request, &server, &peer, machine, &handed));
    tokio::select! {
        biased;
        () = cancel.cancelled() => stopped("stopped before there was an answer".to_owned(), None),
        done = tokio::time::timeout(request.limit, &mut work) => done.unwrap_or_else(|_| {
            stopped(format!("{peer} gave no answer in time"), Some("is it the right host and port, and may this machine reach it? Many networks block port 25"))
        }),
    }
}

async fn exchange(
    request: &MailRequest,
    server: &Server,
    peer: &str,
    machine: &str,
    handed: &std::cell::Cell<MailStage>,
) -> Result<String, MailError> {
    let address = |text: &str| {
        text.parse::<Address>().map_err(|error| {
            MailError::not_sent(format!("{text} is no address: {error}"), "write it like ada@shop.example")
        })
    };
    let to = request.to.iter().map(|one| address(one)).collect::<Result<Vec<_>, _>>()?;
    let envelope = Envelope::new(Some(address(&request.from)?), to)
        .map_err(|error| MailError::not_sent(format!("nobody gets it: {error}"), "name at least one in `to:`"))?;
    // A second installation is refused, and means that the first stands.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = match server.tls {
        Tls::No => None,
        Tls::AtOnce | Tls::Asked => {
            Some(parameters(server).map_err(|why| MailError { message: why, help: None, stage: MailStage::NotSent })?)
        }
    };
    let hello = ClientId::Domain(machine.to_owned());
    let at_once = tls.clone().filter(|_| server.tls == Tls::AtOnce);
    let place = (server.host.as_str(), server.port);
    let connected = AsyncSmtpConnection::connect_tokio1(place, Some(request.limit), &hello, at_once, None).await;
    let mut connection = connected.map_err(|error| not_connected(&error, peer))?;
    if let (Tls::Asked, Some(tls)) = (server.tls, tls) {
        if !connection.can_starttls() {
            return Err(MailError::not_sent(
                format!("{peer} offers no TLS"),
                "if the way to it is safe: ?tls=none in the address; with TLS from the first byte it is smtps://, mostly on port 465",
            ));
        }
        connection.starttls(tls, &hello).await.map_err(|error| not_connected(&error, peer))?;
    }
    if let Some((user, password)) = &server.user {
        let known = Credentials::new(user.clone(), password.clone());
        let signed_on = connection.auth(&[Mechanism::Plain, Mechanism::Login], &known).await;
        signed_on.map_err(|error| not_signed_on(&error, peer, user))?;
    }
    handed.set(MailStage::Unknown);
    let answer = connection.send(&envelope, &request.message).await;
    let answer = answer.map_err(|error| not_taken(&error, peer))?;
    handed.set(MailStage::NotSent);
    // It was taken: whether the server says goodbye is of no account.
    connection.abort().await;
    Ok(answer.message().collect::<Vec<_>>().join(" "))
}

/// Whether it is the server's no: 4yz or 5yz.
fn is_answer(error: &lettre::transport::smtp::Error) -> bool {
    error.is_permanent() || error.is_transient()
}

/// The innermost cause, which names the fault.
fn words(error: &lettre::transport::smtp::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn not_connected(error: &lettre::transport::smtp::Error, peer: &str) -> MailError {
    let said = words(error);
    let lower = said.to_lowercase();
    if lower.contains("connection refused") {
        return MailError::not_sent(
            format!("{peer} refused the connection: nothing listens there"),
            "is it the right host and port? `net.port_open(host, port)` looks",
        );
    }
    if lower.contains("lookup") {
        return MailError::not_sent(
            format!("the name of {peer} could not be resolved"),
            "is it spelt right? `dns.lookup(name)` asks",
        );
    }
    if lower.contains("certificate") || lower.contains("issuer") {
        return MailError::not_sent(
            format!("the certificate of {peer} is not accepted: {said}"),
            "?cacert=/path/to/ca.pem in the address names who signed it; tls.certificate(host, port) shows it where TLS begins at once",
        );
    }
    if is_answer(error) {
        return MailError::not_sent(
            format!("{peer} takes nothing from us: {said}"),
            "who may send there? Some ask for a sign-on, others for the right network",
        );
    }
    MailError::not_sent(
        format!("no connection to {peer}: {said}"),
        "is it the right port? 587 begins without TLS (smtp://), 465 with (smtps://)",
    )
}

fn not_signed_on(error: &lettre::transport::smtp::Error, peer: &str, user: &str) -> MailError {
    if is_answer(error) {
        return MailError::not_sent(
            format!("{peer} does not take the password of {user}: {}", words(error)),
            "look at user and password in the address; many providers want an own password for programs",
        );
    }
    if error.is_client() {
        return MailError::not_sent(
            format!("{peer} offers no sign-on by password: {}", words(error)),
            "leave user and password out of the address, or ask another port",
        );
    }
    not_connected(error, peer)
}

fn not_taken(error: &lettre::transport::smtp::Error, peer: &str) -> MailError {
    let said = words(error);
    if is_answer(error) {
        let help = if error.is_transient() {
            "it may take it later: retry 3 after 1m"
        } else {
            "look at who sends and who gets it: servers refuse senders and recipients that they do not know"
        };
        return MailError {
            message: format!("{peer} does not take the message: {said}"),
            help: Some(help.to_owned()),
            stage: MailStage::Refused,
        };
    }
    MailError {
        message: format!("{peer} broke off before it had taken the message: {said}"),
        help: None,
        stage: MailStage::Unknown,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_address_is_read() {
        let read = |url| server(url).map_err(|error| error.message).map(|one| (one.host, one.port, one.user, one.tls));
        assert_eq!(read("smtp://mail-1").unwrap(), ("mail-1".to_owned(), 587, None, Tls::Asked));
        let user = Some(("ops@shop".to_owned(), "p@ss".to_owned()));
        assert_eq!(read("smtps://ops%40shop:p%40ss@mail-1").unwrap(), ("mail-1".to_owned(), 465, user, Tls::AtOnce));
        assert_eq!(read("smtp://mail-1:25?tls=none").unwrap().3, Tls::No);
        for (url, why) in [
            ("http://mail-1", "`http:` is neither"),
            ("smtp://ada:secret@mail-1?tls=none", "could be read by everybody"),
            ("smtps://mail-1?tls=none", "`tls=none` is not known"),
        ] {
            assert!(read(url).unwrap_err().contains(why), "{url}");
        }
    }
}
