//! The whole program and the network: proxies, redirects, servers that never answer.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use world::book::{Book, told};

/// A server that answers each request with what a function makes of its head, and keeps the heads.
struct Server {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Self { port, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> String) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let length =
        head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    head.push_str(&String::from_utf8_lossy(&body));
    let said = answer(&head);
    seen.lock().unwrap().push(head);
    let _ = (&stream).write_all(said.as_bytes());
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_proxy_is_used_whatever_was_asked_before() {
    // A request through a proxy names the whole address.
    let server = Server::start(|head| ok(if head.starts_with("GET http://") { "by proxy" } else { "direct" }));
    let here = format!("assert http.get(\"http://127.0.0.1:{}/\").body == \"direct\"", server.port);
    let there = "assert http.get(\"http://elsewhere.example/\").body == \"by proxy\"";
    for (first, second) in [(here.as_str(), there), (there, here.as_str())] {
        let book = Book::new(format!("check \"first\" {{\n    {first}\n}}\ncheck \"second\" {{\n    {second}\n}}\n"));
        let mut command = book.command(&["run", "book.rbk"]);
        command.env("HTTP_PROXY", format!("http://127.0.0.1:{}", server.port));
        told(command).is(0);
    }
}

const SECRET: &str = "r3direct-secret/word";

#[test]
fn a_redirect_to_another_host_carries_no_secret() {
    let other = Server::start(|_| ok("other"));
    let port = other.port;
    for status in [301, 302, 303, 307, 308] {
        let first = Server::start(move |head| {
            if head.contains("/again") {
                ok("same")
            } else if head.contains("/near") {
                format!("HTTP/1.1 {status} Moved\r\nlocation: /again\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            } else {
                format!(
                    "HTTP/1.1 {status} Moved\r\nlocation: http://localhost:{port}/there\r\nset-cookie: a=1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                )
            }
        });
        let book = Book::new(format!(
            r#"
secret token from env_var("TOKEN")
secret far from env_var("FAR")
secret near from env_var("NEAR")
check "far" {{
    for address in [far, near] {{
        let a = http.get(address, headers: {{ "X-Api-Key": token, Cookie: "session=${{token}}" }}, bearer: token)
        assert a.status == 200
    }}
    let b = http.get("http://127.0.0.1:{0}/far", basic: {{ user: "u", password: token }})
    assert b.body == "other"
    let c = http.get(far)
    assert c.body == "other"
}}
"#,
            first.port
        ));
        let mut command = book.command(&["run", "book.rbk"]);
        let address =
            |path: &str| format!("http://user:r3direct-pass@127.0.0.1:{}/{path}?key=r3direct-key", first.port);
        command.env("TOKEN", SECRET).env("FAR", address("far")).env("NEAR", address("near"));
        told(command).is(0).never_says("r3direct");
        // The same server gets them again: it had them already.
        let again = first.heads().into_iter().find(|head| head.contains("/again")).unwrap();
        assert!(again.contains(SECRET), "{again}");
    }
    let heads = other.heads();
    assert_eq!(heads.len(), 15);
    for head in heads {
        assert!(!head.contains("r3direct") && !head.contains("cjNkaXJlY3"), "{head}");
        let lower = head.to_lowercase();
        for name in ["authorization", "cookie", "x-api-key", "referer"] {
            assert!(!lower.contains(name), "{head}");
        }
    }
}

#[test]
fn a_changing_request_into_a_black_hole_is_in_doubt_at_its_deadline() {
    // It takes the connection and the request, and never answers.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = hole.local_addr().unwrap().port();
    std::thread::spawn(move || hole.incoming().map_while(Result::ok).collect::<Vec<_>>());
    // And one that does not even take it: its queue is full.
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    for (what, call) in [
        ("its own", format!("http.post(\"http://127.0.0.1:{port}/order\", body: \"x\", timeout: 700ms)")),
        ("the step's", format!("http.post(\"http://127.0.0.1:{port}/order\", body: \"x\")")),
        (
            "not accepted",
            format!("http.post(\"http://{}/order\", body: \"x\", timeout: 700ms)", full.local_addr().unwrap()),
        ),
    ] {
        let book = Book::new(format!(
            "step \"Order\" timeout 1500ms {{\n    {call}\n}} undo {{\n    $ touch cancelled\n}} on_fail rollback\n"
        ));
        let told = book.run();
        told.is(3).says("in doubt");
        assert!(told.took < std::time::Duration::from_secs(6), "{what}: {:?}", told.took);
        assert!(book.path("cancelled").exists(), "{what}: what is in doubt is taken back");
    }
}
