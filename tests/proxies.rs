//! Requests through proxies that stand in the environment: plain, tunnelled, by SOCKS, past them, and refused by them.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use world::book::{Book, Told, told};
use world::server::{Server, free_port, signed_certificate, start, words};

/// A forward proxy. Whatever host is asked of it, it goes to one port of this machine.
struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy)]
struct Manners {
    /// `user:password` in base64.
    wants: Option<&'static str>,
    /// What it answers instead of going there.
    refuses: Option<&'static str>,
}

const OPEN: Manners = Manners { wants: None, refuses: None };

impl Proxy {
    fn start(target: u16, manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let seen = Arc::clone(&seen);
                std::thread::spawn(move || forward(stream, target, manners, &seen));
            }
        });
        Self { port, asked }
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn head(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut one) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read(&mut one).ok()? == 0 {
            return None;
        }
        bytes.push(one[0]);
    }
    String::from_utf8(bytes).ok()
}

fn forward(mut from: TcpStream, target: u16, manners: Manners, seen: &Mutex<Vec<String>>) -> Option<()> {
    let asked = head(&mut from)?;
    seen.lock().unwrap().push(asked.clone());
    let is_known =
        |wanted| asked.lines().any(|line| line.eq_ignore_ascii_case(&format!("proxy-authorization: basic {wanted}")));
    if !manners.wants.is_none_or(is_known) {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        return from.write_all(refusal.as_bytes()).ok();
    }
    if let Some(refusal) = manners.refuses {
        return from.write_all(refusal.as_bytes()).ok();
    }
    let mut to = TcpStream::connect(("127.0.0.1", target)).ok()?;
    if asked.starts_with("CONNECT ") {
        from.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
    } else {
        // The server gets the path alone.
        let (_, rest) = asked.split_once("http://")?;
        let (_, path) = rest.split_once('/')?;
        to.write_all(format!("GET /{path}").as_bytes()).ok()?;
    }
    both_ways(from, to)
}

fn both_ways(mut from: TcpStream, mut to: TcpStream) -> Option<()> {
    let (mut back_from, mut back_to) = (to.try_clone().ok()?, from.try_clone().ok()?);
    std::thread::spawn(move || std::io::copy(&mut back_from, &mut back_to));
    std::io::copy(&mut from, &mut to).ok().map(drop)
}

/// A server behind it, by plain HTTP.
fn site() -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let Some(asked) = head(&mut stream) else { continue };
            let path = asked.split(' ').nth(1).unwrap();
            let answer =
                format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{path}", path.len());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

fn asks(call: &str, expected: &str) -> Book {
    Book::new(format!("check \"it answers\" {{\n    let answer = {call}\n    assert {expected}\n}}\n"))
}

fn run(book: &Book, variables: &[(&str, &str)]) -> Told {
    let mut command = book.command(&["run", "book.rbk"]);
    command.envs(variables.iter().copied());
    told(command)
}

/// `shop.example` by TLS, with a certificate of an authority that only a test knows.
fn tls_site() -> Server {
    let folder = tempfile::Builder::new().prefix("rbk-tls-").tempdir().unwrap().keep();
    signed_certificate(&folder, "DNS:shop.example", &[]);
    let port = free_port();
    let (number, path) = (port.to_string(), |name: &str| folder.join(name).display().to_string());
    let (cert, key) = (path("server.crt"), path("server.key"));
    let args = ["s_server", "-accept", &number, "-www", "-quiet", "-cert", &cert, "-key", &key];
    start(&words(&[], Path::new("openssl"), &args), &folder, port)
}

#[test]
fn a_plain_request_goes_through_the_proxy_of_its_variable() {
    let proxy = Proxy::start(site(), OPEN);
    let book = asks("http.get(\"http://shop.example/a?b=1\")", "answer.body == \"/a?b=1\"");
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        for value in [format!("http://{}", proxy.address()), proxy.address()] {
            run(&book, &[(variable, &value)]).is(0);
            let asked = proxy.asked.lock().unwrap().pop().unwrap();
            assert!(asked.starts_with("GET http://shop.example/a?b=1 HTTP/1.1\r\n"), "{variable}: {asked}");
        }
    }
    // It is another one's.
    run(&book, &[("HTTPS_PROXY", &proxy.address())]).is(1).says("the name of shop.example:80 could not be resolved");
    assert_eq!(proxy.asked(), [""; 0]);
}

#[test]
fn tls_goes_through_a_tunnel_to_who_is_trusted() {
    let site = tls_site();
    let proxy = Proxy::start(site.port, OPEN);
    let ca = site.folder.join("ca.crt").display().to_string();
    let book = asks(&format!("http.get(\"https://shop.example/\", ca: {ca:?})"), "answer.status == 200");
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        run(&book, &[(variable, &format!("http://{}", proxy.address()))]).is(0);
        let asked = proxy.asked.lock().unwrap().pop().unwrap();
        assert!(asked.starts_with("CONNECT shop.example:443 HTTP/1.1\r\n"), "{variable}: {asked}");
    }
    let strangers = asks("http.get(\"https://shop.example/\")", "answer.status == 200");
    run(&strangers, &[("HTTPS_PROXY", &proxy.address())])
        .is(1)
        .says("the certificate of shop.example:443 is not accepted")
        .says(&format!("it came through the proxy {} (HTTPS_PROXY), which may show one of its own", proxy.address()));
}

#[test]
fn what_stands_in_no_proxy_is_reached_without() {
    let port = site();
    let proxy = Proxy::start(free_port(), OPEN);
    let all = proxy.address();
    // An address that is this machine's, without the look of it.
    let book = asks(&format!("http.get(\"http://0.0.0.0:{port}/near\")"), "answer.body == \"/near\"");
    for past in [("NO_PROXY", "other.example,0.0.0.0"), ("no_proxy", "0.0.0.0/8"), ("NO_PROXY", "*")] {
        run(&book, &[("ALL_PROXY", &all), past]).is(0);
    }
    let book = asks("http.get(\"http://www.shop.example/\")", "answer.status == 200");
    run(&book, &[("ALL_PROXY", &all), ("NO_PROXY", ".shop.example")])
        .is(1)
        .says("the name of www.shop.example:80 could not be resolved");
    // This machine itself is never asked of a proxy.
    let book = asks(&format!("http.get(\"http://localhost:{port}/here\")"), "answer.body == \"/here\"");
    run(&book, &[("ALL_PROXY", &all)]).is(0);
    assert_eq!(proxy.asked(), [""; 0]);
}

#[test]
fn a_proxy_may_want_to_know_who_asks() {
    let port = site();
    let manners = Manners { wants: Some("YWRhOnAvdw=="), ..OPEN };
    let proxy = Proxy::start(port, manners);
    let plain = asks("http.get(\"http://shop.example/\")", "answer.status == 200");
    let tls = asks("http.get(\"https://shop.example/\")", "answer.status == 200");
    run(&plain, &[("HTTP_PROXY", &format!("http://ada:p%2Fw@{}", proxy.address()))]).is(0);
    for (book, variable) in [(&plain, "HTTP_PROXY"), (&tls, "HTTPS_PROXY")] {
        run(book, &[(variable, &proxy.address())]).is(1).says(&format!(
            "the proxy {0} ({variable}) wants to know who asks: {variable}=http://USER:PASSWORD@{0}",
            proxy.address()
        ));
        run(book, &[(variable, &format!("http://ada:hunter2@{}", proxy.address()))])
            .is(1)
            .says(&format!(
                "the proxy {} ({variable}) does not accept the user and the password in {variable}",
                proxy.address()
            ))
            .never_says("hunter2");
    }
}

#[test]
fn a_proxy_that_does_not_let_us_through_is_named_with_its_variable() {
    let squid = "HTTP/1.1 403 Forbidden\r\nx-squid-error: ERR_ACCESS_DENIED 0\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>";
    let proxy = Proxy::start(0, Manners { refuses: Some(squid), ..OPEN });
    let (address, own) = (proxy.address(), format!("the proxy {}", proxy.address()));
    let tls = asks("http.get(\"https://shop.example/\")", "answer.status == 200");
    run(&tls, &[("https_proxy", &address)]).is(1).says(&format!(
        "{own} (https_proxy) does not let us through to shop.example:443; to go past it: NO_PROXY=shop.example"
    ));
    // To a plain request it answers itself: that is not what the server says.
    let plain = asks("http.get(\"http://shop.example/\")", "answer.status == 403");
    run(&plain, &[("ALL_PROXY", &address)])
        .is(1)
        .says(&format!("{own} (ALL_PROXY) answered 403 itself, for shop.example:80: ERR_ACCESS_DENIED 0"));
    // What it did not let through has not happened, and is in no doubt.
    let changes = Book::new(
        "step \"Order\" {\n    http.post(\"http://shop.example/order\", body: \"x\")\n} undo {\n    $ touch cancelled\n} on_fail rollback\n",
    );
    run(&changes, &[("HTTP_PROXY", &address)]).is(3).never_says("in doubt");

    let closed = format!("127.0.0.1:{}", free_port());
    for (value, wanted) in [
        (closed.as_str(), "refused the connection: nothing listens there; to go past it: NO_PROXY=shop.example"),
        ("http://proxy.invalid:3128", "the name of the proxy proxy.invalid:3128 (HTTPS_PROXY) could not be resolved"),
        ("gopher://hunter2", "HTTPS_PROXY holds no address of a proxy: write it like HTTPS_PROXY=http://proxy.example"),
        ("socks5h://127.0.0.1:9", "the proxy 127.0.0.1:9 (HTTPS_PROXY) could not be reached"),
    ] {
        run(&tls, &[("HTTPS_PROXY", value)]).is(1).says(wanted).never_says("hunter2");
    }
}

/// A proxy that speaks SOCKS 5 (RFC 1928), and knows one name.
fn socks(target: u16, wanted: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut from in listener.incoming().map_while(Result::ok) {
            let mut two = [0; 2];
            from.read_exact(&mut two).unwrap();
            from.read_exact(&mut vec![0; two[1].into()]).unwrap();
            from.write_all(&[5, 0]).unwrap();
            let mut request = [0; 5];
            from.read_exact(&mut request).unwrap();
            assert_eq!(request[3], 3, "a name, and not an address");
            let mut name = vec![0; usize::from(request[4]) + 2];
            from.read_exact(&mut name).unwrap();
            name.truncate(name.len() - 2);
            let known = name == wanted.as_bytes();
            from.write_all(&[5, if known { 0 } else { 2 }, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
            if known {
                let to = TcpStream::connect(("127.0.0.1", target)).unwrap();
                std::thread::spawn(move || both_ways(from, to));
            }
        }
    });
    port
}

#[test]
fn a_proxy_may_speak_socks() {
    let proxy = format!("socks5h://127.0.0.1:{}", socks(site(), "shop.example"));
    let book = asks("http.get(\"http://shop.example/far\")", "answer.body == \"/far\"");
    run(&book, &[("ALL_PROXY", &proxy)]).is(0);
    let other = asks("http.get(\"http://other.example/\")", "answer.status == 200");
    run(&other, &[("ALL_PROXY", &proxy)])
        .is(1)
        .says("(ALL_PROXY) made no connection to other.example:80: connection not allowed; to go past it: NO_PROXY=other.example");
}
