//! Requests by reqwest. Redirects are not followed here: whoever sends decides about each.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::error::Error as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::cookies::Jar;
use super::proxy::{Proxies, Through};
use super::tls::{Trust, client_as};
use crate::host::{Cancel, HttpError, HttpRequest, HttpResponse};
use crate::value::units;

/// Clients by what cannot be said for each request. Made when first needed: starting rbk must not pay for TLS.
#[derive(Default)]
pub(super) struct Clients {
    made: RefCell<HashMap<Kind, reqwest::Client>>,
    proxies: OnceCell<Proxies>,
    cookies: Jar,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Kind {
    connect_timeout: Option<Duration>,
    insecure: bool,
    /// Without TLS: nobody's certificates are read from the disk for it.
    plain: bool,
    proxy: Option<String>,
    ca: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
}

impl Clients {
    fn client(
        &self,
        request: &HttpRequest,
        url: &url::Url,
        through: Option<&Through>,
    ) -> Result<reqwest::Client, HttpError> {
        let key = Kind {
            connect_timeout: request.connect_timeout,
            insecure: request.insecure,
            plain: url.scheme() == "http",
            proxy: through.map(|through| through.url.clone()),
            ca: request.ca.clone(),
            identity: request.identity.clone(),
        };
        if let Some(client) = self.made.borrow().get(&key) {
            return Ok(client.clone());
        }
        // A second installation is refused, and means that the first stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .user_agent(concat!("rbk/", env!("CARGO_PKG_VERSION")))
            .pool_idle_timeout(Duration::from_secs(20));
        builder = if key.plain || key.ca.is_some() || key.identity.is_some() {
            let trust = match &key.ca {
                // A proxy may be reached by TLS all the same.
                None if key.plain && key.proxy.is_none() => Trust::Anybody,
                _ if key.insecure => Trust::Anybody,
                Some(path) => Trust::File(path.clone()),
                None => Trust::System,
            };
            let mut config = client_as(&trust, key.identity.as_ref()).map_err(|why| failed(&why, true))?;
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            builder.tls_backend_preconfigured(config)
        } else {
            builder.tls_danger_accept_invalid_certs(request.insecure)
        };
        if let Some(timeout) = request.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(proxy) = &key.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(|error| failed(&words(&error), true))?);
        }
        let client = builder.build().map_err(|error| failed(&words(&error), true))?;
        self.made.borrow_mut().insert(key, client.clone());
        Ok(client)
    }

    pub(super) async fn send(&self, request: &HttpRequest, cancel: &Cancel) -> Result<HttpResponse, HttpError> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(HttpError { message: "stopped before there was an answer".to_owned(), never_sent: false, cancelled: true }),
            answer = self.exchange(request) => answer,
        }
    }

    /// The proxy that the environment puts between us and there; none stands between us and ourselves.
    fn through(&self, url: &url::Url) -> Result<Option<Through>, String> {
        if is_loopback(url) { Ok(None) } else { self.proxies.get_or_init(Proxies::from_environment).on_the_way(url) }
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let begun = Instant::now();
        let url = url::Url::parse(&request.url)
            .map_err(|error| failed(&format!("`{}` is no address: {error}", request.url), true))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(failed(&format!("`{}:` is neither http nor https", url.scheme()), true));
        }
        let peer = peer(&url);
        let through = self.through(&url).map_err(|why| failed(&why, true))?;
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| failed(&format!("`{}` is no method", request.method), true))?;
        let mut builder = self.client(request, &url, through.as_ref())?.request(method, url.clone());
        if request.cookies
            && let Some(own) = self.cookies.header(&url, Timestamp::now())
        {
            builder = builder.header("cookie", own);
        }
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.to_vec());
        }
        let mut answer = builder.send().await.map_err(|error| not_answered(&error, &peer, through.as_ref()))?;
        let status = answer.status().as_u16();
        if request.cookies {
            let set = answer.headers().get_all("set-cookie").iter();
            set.for_each(|set| self.cookies.take(&url, &String::from_utf8_lossy(set.as_bytes()), Timestamp::now()));
        }
        let headers: Vec<(String, String)> = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        if let Some(own) = through.and_then(|through| through.own_answer(&peer, status, &headers)) {
            // One that does not let a request through has not sent it; what else it says may have come afterwards.
            return Err(failed(&own, matches!(status, 403 | 407)));
        }
        let mut body = Vec::new();
        let broken = |error: reqwest::Error| failed(&format!("{peer} broke off its answer: {}", words(&error)), false);
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            if (body.len() + chunk.len()) as u64 > request.max_body {
                let most = units::size_text(i64::try_from(request.max_body).unwrap_or(i64::MAX));
                let what = format!("{peer} answered with more than {most}: ask for less, or allow more by max_size:");
                return Err(failed(&what, false));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse { status, headers, body, elapsed: begun.elapsed() })
    }
}

fn is_loopback(url: &url::Url) -> bool {
    url.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127.") || host == "[::1]")
}

/// `host:port`, without user, path and query: those may hold secrets.
fn peer(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn failed(message: &str, never_sent: bool) -> HttpError {
    HttpError { message: message.to_owned(), never_sent, cancelled: false }
}

fn not_answered(error: &reqwest::Error, peer: &str, through: Option<&Through>) -> HttpError {
    let said = words(error);
    if let (true, Some(through)) = (error.is_connect(), through) {
        return failed(&through.no_connection(peer, &said, error.is_timeout()), true);
    }
    if error.is_connect() {
        let lower = said.to_lowercase();
        let message = if error.is_timeout() {
            format!("{peer} could not be reached in time")
        } else if lower.contains("connection refused") {
            format!("{peer} refused the connection: nothing listens there")
        } else if lower.contains("dns") || lower.contains("resolve") || lower.contains("lookup") {
            format!("the name of {peer} could not be resolved")
        } else if lower.contains("certificaterequired") || lower.contains("certificate required") {
            format!("{peer} wants to know who asks: give a certificate and its key, cert: … and key: …")
        } else if lower.contains("certificate") || lower.contains("issuer") {
            format!("the certificate of {peer} is not accepted: {said}; ca: FILE names who signed it")
        } else {
            format!("no connection to {peer}: {said}")
        };
        return failed(&message, true);
    }
    if error.is_timeout() {
        return failed(&format!("{peer} gave no answer in time"), false);
    }
    failed(&format!("{peer} gave no answer: {said}"), error.is_builder())
}

/// The innermost cause, which names the fault; addresses are in the outer ones only.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if error.source().is_none() { "it failed".to_owned() } else { cause.to_string() }
}
