//! Requests to a server of our own: answers, redirects, and every way in which there is none.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rbk::catalog::{ActionError, Certainty, Effect};
use rbk::value::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use world::{Around, action, args, field, run_local};

/// What the server was asked: the head in lower case, the body as it is.
#[derive(Clone, Debug)]
struct Asked {
    head: String,
    body: String,
}

/// A server on 127.0.0.1 that answers by path.
struct Server {
    port: u16,
    asked: Rc<RefCell<Vec<Asked>>>,
}

impl Server {
    /// Must be called within a local set.
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&asked);
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(serve(stream, port, Rc::clone(&seen)));
            }
        });
        Self { port, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn last(&self) -> Asked {
        self.asked.borrow().last().expect("nothing was asked").clone()
    }
}

async fn serve(mut stream: TcpStream, port: u16, seen: Rc<RefCell<Vec<Asked>>>) {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(n) if n > 0 => bytes.extend_from_slice(&piece[..n]),
            _ => return,
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = text
        .to_lowercase()
        .split("content-length: ")
        .nth(1)
        .map_or(0, |rest| rest.split_whitespace().next().and_then(|length| length.parse().ok()).unwrap_or(0));
    while bytes.len() < head + length {
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(n) if n > 0 => bytes.extend_from_slice(&piece[..n]),
            _ => return,
        }
    }
    let path = text.split_whitespace().nth(1).unwrap_or("/").to_owned();
    let body = String::from_utf8_lossy(&bytes[head..]).into_owned();
    seen.borrow_mut().push(Asked { head: text.to_lowercase(), body });
    answer(&mut stream, &path, port).await;
}

async fn answer(stream: &mut TcpStream, path: &str, port: u16) {
    let full = |status: &str, headers: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    };
    let text = match path.split('?').next().unwrap_or("/") {
        "/json" => full("200 OK", "Content-Type: application/json\r\nX-A: 1\r\nX-A: 2\r\n", "{\"n\": 3}\n"),
        "/created" => full("201 Created", "", "made"),
        "/missing" => full("404 Not Found", "", "no such thing\nreally\u{1b}[31m"),
        "/broken" => full("503 Service Unavailable", "", ""),
        "/to-json" => full("302 Found", "Location: /json\r\n", ""),
        "/to-localhost" => full("307 Temporary Redirect", &format!("Location: http://localhost:{port}/json\r\n"), ""),
        "/to-file" => full("302 Found", "Location: file:///etc/passwd\r\n", ""),
        "/circle" => full("302 Found", "Location: /circle\r\n", ""),
        "/half" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_owned(),
        "/nonsense" => "what?\r\n\r\n".to_owned(),
        "/silent" => return tokio::time::sleep(Duration::from_secs(60)).await,
        "/stuck" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;
            return tokio::time::sleep(Duration::from_secs(60)).await;
        }
        "/drop" => return,
        "/huge" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await;
            let piece = vec![b'h'; 1024 * 1024];
            while stream.write_all(&piece).await.is_ok() {}
            return;
        }
        "/sign-on" => full("200 OK", "Set-Cookie: session=abcdef123; Path=/; HttpOnly\r\n", "welcome"),
        "/late" => {
            tokio::time::sleep(Duration::from_millis(200)).await;
            full("200 OK", "", "late")
        }
        "/echo" => full("200 OK", "", path),
        _ => full("200 OK", "", "hello"),
    };
    let _ = stream.write_all(text.as_bytes()).await;
}

type Given<'a> = Vec<(&'a str, Value)>;

async fn ask_by(around: &Around, name: &str, url: &str, mut more: Given<'_>) -> Result<Value, ActionError> {
    let action = action(name);
    more.push(("url", Value::str(url)));
    let args = args(action, more);
    (action.run)(&around.call(&args)).await
}

async fn ask(name: &str, url: &str, more: Given<'_>) -> Result<Value, ActionError> {
    ask_by(&Around::new(), name, url, more).await
}

fn seconds(n: f64) -> Value {
    Value::Duration(Duration::from_secs_f64(n).as_nanos().try_into().unwrap())
}

fn text(text: &str) -> Value {
    Value::str(text)
}

#[test]
fn answers_to_reading_requests_are_results() {
    run_local(async {
        let server = Server::start().await;
        let value = ask("http.get", &server.url("/json"), vec![]).await.unwrap();
        assert_eq!([field(&value, "status"), field(&value, "body")], ["200", "{\"n\": 3}\n"]);
        let Value::Record(record) = &value else { panic!() };
        assert_eq!(field(record.get("headers").unwrap(), "x-a"), "1, 2");
        let said = (action("http.get").evidence)(&value).unwrap();
        assert!(said.starts_with("answered 200 in ") && said.ends_with(" ms: {\"n\": 3}"), "{said}");
        for (path, status) in [("/missing", "404"), ("/broken", "503")] {
            let value = ask("http.get", &server.url(path), vec![]).await.unwrap();
            assert_eq!(field(&value, "status"), status);
            let said = (action("http.get").evidence)(&value).unwrap();
            assert!(!said.contains('\u{1b}') && !said.contains('\n'), "{said:?}");
        }
        let value = ask("http.head", &server.url("/json"), vec![]).await.unwrap();
        assert_eq!([field(&value, "status"), field(&value, "body")], ["200", ""]);
    });
}

#[test]
fn a_changing_request_fails_on_400_and_above() {
    run_local(async {
        let server = Server::start().await;
        let value = ask("http.post", &server.url("/created"), vec![]).await.unwrap();
        assert_eq!(field(&value, "status"), "201");
        for name in ["http.post", "http.put", "http.patch", "http.delete"] {
            let error = ask(name, &server.url("/missing?token=hush"), vec![]).await.unwrap_err();
            assert_eq!((error.message.as_str(), error.certainty), ("127.0.0.1 answered 404", Certainty::Failed));
            assert!(error.help.unwrap().contains("ok: [404]"));
            assert!(error.output.unwrap().starts_with("no such thing really"));
            let fine = vec![("ok", Value::list([Value::Int(404)]))];
            assert!(ask(name, &server.url("/missing"), fine).await.is_ok());
        }
        let only = vec![("ok", Value::list([Value::Int(404)]))];
        assert!(ask("http.delete", &server.url("/"), only).await.is_err(), "`ok` names all that is fine");
    });
}

#[test]
fn bodies_and_headers_arrive() {
    run_local(async {
        let server = Server::start().await;
        let json = Value::record([("name", text("a\"b")), ("n", Value::list([Value::Int(1), Value::Null]))]);
        ask("http.post", &server.url("/"), vec![("json", json)]).await.unwrap();
        let asked = server.last();
        assert_eq!(asked.body, "{\"name\":\"a\\\"b\",\"n\":[1,null]}");
        assert!(asked.head.starts_with("post / ") && asked.head.contains("content-type: application/json\r\n"));

        let form = Value::record([("a b", text("c&d=é")), ("n", Value::Int(1))]);
        ask("http.post", &server.url("/"), vec![("form", form)]).await.unwrap();
        let asked = server.last();
        assert_eq!(asked.body, "a+b=c%26d%3D%C3%A9&n=1");
        assert!(asked.head.contains("content-type: application/x-www-form-urlencoded\r\n"));

        let more = vec![("body", text("raw")), ("headers", Value::record([("X-Own", text("v"))]))];
        ask("http.put", &server.url("/"), more).await.unwrap();
        let asked = server.last();
        assert_eq!(asked.body, "raw");
        assert!(asked.head.contains("x-own: v\r\n"));

        ask("http.get", &server.url("/"), vec![("bearer", text("t0ken"))]).await.unwrap();
        assert!(server.last().head.contains("authorization: bearer t0ken\r\n"));
        let basic = Value::record([("user", text("u")), ("password", text("p"))]);
        ask("http.get", &server.url("/"), vec![("basic", basic)]).await.unwrap();
        assert!(server.last().head.contains("authorization: basic dtpw\r\n"));
        ask("http.request", &server.url("/"), vec![("method", text("purge"))]).await.unwrap();
        assert!(server.last().head.starts_with("purge / "));

        let count = server.asked.borrow().len();
        let two = vec![("json", Value::Int(1)), ("body", text("x"))];
        assert!(ask("http.post", &server.url("/"), two).await.unwrap_err().message.contains("one body"));
        let bad = vec![("headers", Value::record([("x y", text("a\r\nb: c"))]))];
        let error = ask("http.get", &server.url("/"), bad).await.unwrap_err();
        assert_eq!(error.certainty, Certainty::NotBegun, "{error}");
        assert_eq!(server.asked.borrow().len(), count, "nothing of it was sent");
    });
}

#[test]
fn files_are_sent_as_a_form_sends_them() {
    run_local(async {
        let server = Server::start().await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a \"b\".pdf"), b"%PDF-1\r\n\xff").unwrap();
        let there = folder.path().join("a \"b\".pdf").display().to_string();
        let files = || Value::record([("file", Value::str(there.as_str()))]);
        let form = Value::record([("case", Value::str("7"))]);
        ask("http.post", &server.url("/"), vec![("files", files()), ("form", form)]).await.unwrap();
        let sent = server.last();
        let boundary = sent.head.split("multipart/form-data; boundary=").nth(1).unwrap().lines().next().unwrap();
        let parts: Vec<&str> = sent.body.split(&format!("--{boundary}")).collect();
        assert_eq!(parts.len(), 4, "{}", sent.body);
        assert_eq!(parts[1], "\r\ncontent-disposition: form-data; name=\"case\"\r\n\r\n7\r\n");
        assert!(parts[2].contains("filename=\"a %22b%22.pdf\"\r\ncontent-type: application/pdf\r\n\r\n%PDF-1\r\n"));
        let two = vec![("files", files()), ("json", Value::Int(1))];
        assert!(ask("http.post", &server.url("/"), two).await.unwrap_err().message.contains("one body"));
        let none = vec![("files", Value::record([("file", Value::str("/nowhere.pdf"))]))];
        let error = ask("http.post", &server.url("/"), none).await.unwrap_err();
        assert!(error.message.contains("/nowhere.pdf could not be read"), "{}", error.message);
    });
}

#[test]
fn redirects_are_followed_with_nothing_for_another_host() {
    run_local(async {
        let server = Server::start().await;
        let secret = || vec![("bearer", text("t0ken")), ("headers", Value::record([("X-Api-Key", text("k3y"))]))];
        let value = ask("http.get", &server.url("/to-json?q=hush"), secret()).await.unwrap();
        assert_eq!([field(&value, "status"), field(&value, "url")], ["200".to_owned(), server.url("/json")]);
        let asked = server.last();
        assert!(asked.head.contains("t0ken") && asked.head.contains("k3y"), "the same host gets them");
        assert!(!asked.head.contains("hush"), "no referer: {}", asked.head);

        let value = ask("http.get", &server.url("/to-localhost?q=hush"), secret()).await.unwrap();
        assert_eq!(field(&value, "status"), "200");
        let asked = server.last();
        assert!(asked.head.contains("host: localhost"), "{}", asked.head);
        assert!(!asked.head.contains("t0ken") && !asked.head.contains("k3y") && !asked.head.contains("hush"));

        let before = server.asked.borrow().len();
        let value = ask("http.get", &server.url("/circle"), vec![("follow", Value::Int(3))]).await.unwrap();
        assert_eq!(field(&value, "status"), "302");
        assert_eq!(server.asked.borrow().len() - before, 4);
        let value = ask("http.get", &server.url("/to-json"), vec![("follow", Value::Int(0))]).await.unwrap();
        assert_eq!(field(&value, "status"), "302");
        let error = ask("http.get", &server.url("/to-file"), vec![]).await.unwrap_err();
        assert!(error.message.contains("neither http nor https"), "{error}");
        // What changes something is never sent a second time.
        let value = ask("http.post", &server.url("/to-json"), vec![("json", Value::Int(1))]).await.unwrap();
        assert_eq!(field(&value, "status"), "302");
    });
}

#[test]
fn a_lost_answer_leaves_a_change_in_doubt() {
    run_local(async {
        let server = Server::start().await;
        for path in ["/silent", "/stuck", "/drop", "/half", "/nonsense"] {
            for (name, certainty) in [("http.get", Certainty::Failed), ("http.post", Certainty::InDoubt)] {
                let begun = Instant::now();
                let url = server.url(&format!("{path}?token=hush"));
                let error = ask(name, &url, vec![("timeout", seconds(0.3))]).await.unwrap_err();
                assert_eq!(error.certainty, certainty, "{name} {path}: {error}");
                assert!(begun.elapsed() < Duration::from_secs(1), "{name} {path}");
                assert!(error.message.contains("127.0.0.1") && !error.message.contains("hush"), "{error}");
                if matches!(path, "/silent" | "/stuck") {
                    assert_eq!(error.message, "127.0.0.1 gave no answer in 300ms");
                }
            }
        }
    });
}

#[test]
fn what_was_never_sent_has_not_happened() {
    run_local(async {
        // Bound and closed again: nothing listens there.
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        for (url, words) in [
            (format!("http://127.0.0.1:{free}/x?token=hush"), "refused the connection: nothing listens there"),
            ("http://rbk-no-such-host.invalid/x?token=hush".to_owned(), "could not be resolved"),
            ("not an address hush".to_owned(), "is no address"),
            ("ftp://127.0.0.1/".to_owned(), "neither http nor https"),
        ] {
            for name in ["http.get", "http.post"] {
                let error = ask(name, &url, vec![]).await.unwrap_err();
                assert_eq!(error.certainty, Certainty::NotBegun, "{name} {url}: {error}");
                assert!(error.message.contains(words), "{error}");
                assert!(!error.message.contains("token"), "{error}");
            }
        }
    });
}

#[test]
fn a_change_carries_its_key_and_a_reading_none() {
    run_local(async {
        let server = Server::start().await;
        let around = Around { key: Some("Run-7".to_owned()), ..Around::new() };
        ask_by(&around, "http.post", &server.url("/"), vec![]).await.unwrap();
        assert!(server.last().head.contains("idempotency-key: run-7\r\n"));
        let own = vec![("headers", Value::record([("Idempotency-Key", text("mine"))]))];
        ask_by(&around, "http.post", &server.url("/"), own).await.unwrap();
        let head = server.last().head;
        assert!(head.contains("idempotency-key: mine\r\n") && !head.contains("run-7"));
        ask("http.get", &server.url("/"), vec![]).await.unwrap();
        assert!(!server.last().head.contains("idempotency-key"));
        for name in ["http.post", "http.put", "http.patch", "http.delete", "http.request"] {
            assert_eq!(action(name).effect, Effect::Changes);
        }
    });
}

#[test]
fn an_endless_answer_is_not_taken() {
    run_local(async {
        let server = Server::start().await;
        let error = ask("http.get", &server.url("/huge"), vec![]).await.unwrap_err();
        assert!(error.message.contains("more than 32MiB"), "{error}");
    });
}

#[test]
fn a_cancelled_request_ends_at_once() {
    run_local(async {
        let server = Server::start().await;
        for (name, certainty) in [("http.get", Certainty::Failed), ("http.post", Certainty::InDoubt)] {
            let around = Around::new();
            let begun = Instant::now();
            let cancels = async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                around.cancel.cancel();
            };
            let url = server.url("/silent");
            let (result, ()) = tokio::join!(ask_by(&around, name, &url, vec![]), cancels);
            let error = result.unwrap_err();
            assert!(begun.elapsed() < Duration::from_secs(1));
            assert_eq!((error.certainty, error.message.as_str()), (certainty, "stopped before there was an answer"));
        }
    });
}

/// A server that asks who calls: by openssl, with an authority of its own.
fn asks_who_calls(folder: &std::path::Path) -> world::server::Server {
    let port = world::server::free_port();
    let (number, path) = (port.to_string(), |name: &str| folder.join(name).display().to_string());
    let (cert, key, ca) = (path("server.crt"), path("server.key"), path("ca.crt"));
    let args = [
        "s_server",
        "-accept",
        &number,
        "-www",
        "-quiet",
        "-cert",
        &cert,
        "-key",
        &key,
        "-Verify",
        "1",
        "-CAfile",
        &ca,
        "-verify_return_error",
    ];
    world::server::start(&world::server::words(&[], std::path::Path::new("openssl"), &args), folder, port)
}

#[test]
fn a_server_may_ask_who_we_are() {
    let folder = tempfile::Builder::new().prefix("rbk-tls-").tempdir().unwrap().keep();
    world::server::signed_certificate(&folder, "DNS:localhost", &[]);
    let server = asks_who_calls(&folder);
    let path = |name: &str| text(folder.join(name).to_str().unwrap());
    let url = format!("https://localhost:{}/", server.port);
    run_local(async {
        let ca = || ("ca", path("ca.crt"));
        let whole = vec![ca(), ("cert", path("server.crt")), ("key", path("server.key"))];
        let answer = ask("http.get", &url, whole).await.unwrap();
        assert_eq!(field(&answer, "status"), "200");
        for (given, wanted) in [
            (vec![ca(), ("cert", path("server.crt"))], "`cert` and `key` belong together"),
            (vec![ca(), ("cert", path("server.crt")), ("key", path("ca.key"))], "is no key of"),
            (vec![ca(), ("cert", path("none.crt")), ("key", path("server.key"))], "none.crt: "),
            (Vec::new(), "is not accepted: "),
        ] {
            let error = ask("http.get", &url, given).await.unwrap_err();
            assert!(error.message.contains(wanted), "{error}");
        }
        // Without one it is the server that ends it.
        ask("http.get", &url, vec![ca()]).await.unwrap_err();
    });
}

#[test]
fn a_file_is_sent_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("plan.csv");
    std::fs::write(&file, "a,b\r\n1,2\r\n").unwrap();
    run_local(async {
        let server = Server::start().await;
        let path = || text(file.to_str().unwrap());
        ask("http.put", &server.url("/created"), vec![("file", path())]).await.unwrap();
        assert_eq!(server.last().body, "a,b\r\n1,2\r\n");
        assert!(server.last().head.contains("content-type: application/octet-stream"));
        for (given, wanted) in [
            (vec![("file", text("/no/such/file"))], "/no/such/file could not be read"),
            (vec![("file", path()), ("body", text("x"))], "a request has one body"),
        ] {
            let error = ask("http.post", &server.url("/created"), given).await.unwrap_err();
            assert!(error.message.contains(wanted) && error.certainty == Certainty::NotBegun, "{error}");
        }
    });
}

#[test]
fn cookies_are_kept_on_request() {
    run_local(async {
        let server = Server::start().await;
        let around = Around::new();
        let kept = || vec![("cookies", Value::Bool(true))];
        ask_by(&around, "http.get", &server.url("/sign-on"), kept()).await.unwrap();
        ask_by(&around, "http.get", &server.url("/json"), kept()).await.unwrap();
        assert!(server.last().head.contains("cookie: session=abcdef123"), "{}", server.last().head);
        ask_by(&around, "http.get", &server.url("/json"), Vec::new()).await.unwrap();
        assert!(!server.last().head.contains("cookie"));
        ask("http.get", &server.url("/json"), kept()).await.unwrap();
        assert!(!server.last().head.contains("cookie"), "another run has its own");
    });
}

#[test]
fn an_answer_that_is_too_large_is_told() {
    run_local(async {
        let server = Server::start().await;
        let error = ask("http.get", &server.url("/huge"), vec![("max_size", Value::Size(3 << 20))]).await.unwrap_err();
        assert!(
            error.message.contains("answered with more than 3MiB: ask for less, or allow more by max_size:"),
            "{error}"
        );
    });
}

#[test]
fn the_parts_of_a_request_are_timed() {
    run_local(async {
        let server = Server::start().await;
        let took = ask("http.timing", &server.url("/late?x=1"), Vec::new()).await.unwrap();
        assert_eq!((field(&took, "status").as_str(), field(&took, "address").as_str()), ("200", "127.0.0.1"));
        let Value::Record(parts) = &took else { panic!() };
        let part = |name: &str| match parts.get(name) {
            Some(Value::Duration(nanoseconds)) => *nanoseconds,
            other => panic!("{name}: {other:?}"),
        };
        assert!(
            part("first_byte") >= 200_000_000 && part("total") >= part("first_byte") + part("connect") + part("dns")
        );
        assert_eq!(part("tls"), 0);
        assert!(server.last().head.starts_with("get /late?x=1 http/1.1\r\nhost: 127.0.0.1:"));
        for (path, more, wanted) in [
            ("/nonsense", Vec::new(), "it is no answer of HTTP"),
            ("/huge", vec![("max_size", Value::Size(1 << 20))], "it is longer than 1048576 bytes"),
            ("/silent", vec![("timeout", seconds(0.3))], "gave no answer in 300ms"),
            ("/json", vec![("headers", Value::record([("X", text("a\r\nY: b"))]))], "the header \"X\" cannot be sent"),
        ] {
            let error = ask("http.timing", &server.url(path), more).await.unwrap_err();
            assert!(error.message.contains(wanted), "{path}: {error}");
        }
        let closed = format!("http://127.0.0.1:{}/", world::server::free_port());
        let error = ask("http.timing", &closed, Vec::new()).await.unwrap_err();
        assert!(error.message.contains("nothing listens there") && error.certainty == Certainty::NotBegun, "{error}");
    });
    let folder = tempfile::Builder::new().prefix("rbk-tls-").tempdir().unwrap().keep();
    world::server::signed_certificate(&folder, "DNS:localhost", &[]);
    let port = world::server::free_port();
    let number = port.to_string();
    let path = |name: &str| folder.join(name).display().to_string();
    let args =
        ["s_server", "-accept", &number, "-www", "-quiet", "-cert", &path("server.crt"), "-key", &path("server.key")];
    let args = world::server::words(&[], std::path::Path::new("openssl"), &args);
    let _server = world::server::start(&args, &folder, port);
    run_local(async {
        let took = ask("http.timing", &format!("https://localhost:{port}/"), vec![("ca", text(&path("ca.crt")))])
            .await
            .unwrap();
        assert_ne!(field(&took, "tls"), "0s");
        assert_eq!(field(&took, "status"), "200");
    });
}
