//! What is asked of the network below HTTP, and what comes back.

use std::path::PathBuf;
use std::time::Duration;

/// A server whose certificate is looked at.
#[derive(Clone, Debug)]
pub struct TlsRequest {
    /// A name or an address.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
    /// The name that is asked for, if it is not the host's.
    pub name: Option<String>,
    /// Whom is trusted in place of those the system trusts: a file of certificates.
    pub ca: Option<PathBuf>,
    /// TLS does not begin by itself, but has to be asked for so.
    pub starttls: Option<StartTls>,
    /// For all of it.
    pub limit: Duration,
}

/// How TLS is asked for over a connection that begins in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTls {
    /// `STARTTLS` of a mail server.
    Smtp,
    /// `STARTTLS` of a server with mailboxes.
    Imap,
    /// `SSLRequest` of PostgreSQL.
    Postgres,
}

impl StartTls {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Smtp, Self::Imap, Self::Postgres];

    /// As it is written in a runbook.
    pub fn word(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Imap => "imap",
            Self::Postgres => "postgres",
        }
    }

    /// As people say it.
    pub fn spoken(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Imap => "IMAP",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// Where such a server listens.
    pub fn port(self) -> u16 {
        match self {
            Self::Smtp => 25,
            Self::Imap => 143,
            Self::Postgres => 5432,
        }
    }
}

/// What a server showed.
#[derive(Clone, Debug)]
pub struct TlsShown {
    /// Its certificates in DER, its own first.
    pub chain: Vec<Vec<u8>>,
    /// `TLSv1.3`
    pub protocol: String,
    /// Why it is not to be believed, if so.
    pub doubt: Option<String>,
}

/// A question to name servers.
#[derive(Clone, Debug)]
pub struct DnsRequest {
    /// The name.
    pub name: String,
    /// `A`, `TXT`, …
    pub kind: String,
    /// `host:port` or an address; those of the system if `None`.
    pub server: Option<String>,
    /// For all of it.
    pub limit: Duration,
}

/// A record of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRecord {
    /// The name that has it: where an alias leads, another one than was asked for.
    pub name: String,
    /// `A`, `CNAME`, …
    pub kind: String,
    /// As a zone file writes it; a text without its quotes.
    pub data: String,
    /// How long others may keep it.
    pub ttl: Duration,
}

/// What name servers answered.
#[derive(Clone, Debug)]
pub struct DnsAnswer {
    /// In the order of the answer; none if the name has none of that kind.
    pub records: Vec<DnsRecord>,
    /// There is no such name at all.
    pub no_such_name: bool,
    /// Who answered.
    pub server: String,
}

/// Why nothing came back.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct NetError {
    /// In words.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl NetError {
    /// With what to do about it.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}
