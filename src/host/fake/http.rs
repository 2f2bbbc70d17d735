//! Scripted servers.

use std::time::Duration;

use crate::host::{Cancel, HttpError, HttpRequest, HttpResponse};

/// How a scripted server answers.
#[derive(Clone, Debug)]
pub struct HttpReply {
    kind: Kind,
    headers: Vec<(String, String)>,
    after: Duration,
}

#[derive(Clone, Debug)]
enum Kind {
    Answer(u16, Vec<u8>),
    Refused,
    BreaksOff,
    Hangs,
}

impl HttpReply {
    fn of(kind: Kind) -> Self {
        Self { kind, headers: Vec::new(), after: Duration::ZERO }
    }

    /// This status and this body.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::of(Kind::Answer(status, body.into()))
    }

    /// The same, called JSON in its headers.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status, body).header("content-type", "application/json")
    }

    /// It accepts no connection.
    pub fn refused() -> Self {
        Self::of(Kind::Refused)
    }

    /// It takes the request and closes the connection without an answer.
    pub fn breaks_off() -> Self {
        Self::of(Kind::BreaksOff)
    }

    /// It takes the request and never answers.
    pub fn hangs() -> Self {
        Self::of(Kind::Hangs)
    }

    /// Adds a header; its name in lower case.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// It takes this long.
    #[must_use]
    pub fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }
}

pub(super) async fn play(reply: HttpReply, request: &HttpRequest, cancel: &Cancel) -> Result<HttpResponse, HttpError> {
    let begun = tokio::time::Instant::now();
    let failed = |message: String, never_sent, cancelled| Err(HttpError { message, never_sent, cancelled });
    let parsed = url::Url::parse(&request.url).ok();
    let host = parsed.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let work = async {
        if !reply.after.is_zero() {
            tokio::time::sleep(reply.after).await;
        }
        match reply.kind {
            Kind::Hangs => std::future::pending().await,
            Kind::Refused => failed(format!("{host} refused the connection: nothing listens there"), true, false),
            Kind::BreaksOff => failed(format!("{host} gave no answer: connection closed"), false, false),
            Kind::Answer(status, body) => {
                Ok(HttpResponse { status, headers: reply.headers, body, elapsed: begun.elapsed() })
            }
        }
    };
    tokio::select! {
        biased;
        answer = work => answer,
        () = cancel.cancelled() => failed("stopped before there was an answer".to_owned(), false, true),
    }
}
