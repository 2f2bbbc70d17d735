//! Looking at the network: certificates of real servers (openssl), answers of a name server of these tests.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};
use rbk::catalog::ActionError;
use rbk::value::Value;

use world::book::Book;
use world::server::{Server, certificate, free_port, must, signed_certificate, start, words};
use world::{Around, action, args, field, run_local};

fn call(name: &str, given: Vec<(&str, Value)>) -> Result<Value, ActionError> {
    let action = action(name);
    let args = args(action, given);
    let around = Around::new();
    run_local((action.run)(&around.call(&args)))
}

fn told(error: &ActionError) -> String {
    format!("{}\nhelp: {}", error.message, error.help.as_deref().unwrap_or_default())
}

fn folder() -> PathBuf {
    tempfile::Builder::new().prefix("rbk-tls-").tempdir().unwrap().keep()
}

/// A server that shows a certificate, with those above it.
fn shows(folder: &Path, own: &str, above: Option<&Path>) -> Server {
    let port = free_port();
    let (number, path) = (port.to_string(), |name: String| folder.join(name).display().to_string());
    let (cert, key) = (path(format!("{own}.crt")), path(format!("{own}.key")));
    let mut args = vec!["s_server", "-accept", &number, "-www", "-quiet", "-cert", &cert, "-key", &key];
    if let Some(above) = above {
        args.extend(["-cert_chain", above.to_str().unwrap()]);
    }
    start(&words(&[], Path::new("openssl"), &args), folder, port)
}

fn at(server: &Server, more: Vec<(&'static str, Value)>) -> Result<Value, ActionError> {
    let own = vec![("host", Value::from("localhost")), ("port", Value::Int(server.port.into()))];
    call("tls.certificate", own.into_iter().chain(more).collect())
}

#[test]
fn a_certificate_is_told_with_who_signed_it() {
    let folder = folder();
    signed_certificate(&folder, "DNS:localhost,DNS:*.shop.example,IP:127.0.0.1", &[]);
    let ca = folder.join("ca.crt");
    let server = shows(&folder, "server", Some(&ca));
    let seen = at(&server, vec![("ca", Value::from(ca.to_str().unwrap()))]).unwrap();
    assert_eq!(field(&seen, "verified"), "true", "{}", seen.inspect());
    assert_eq!(field(&seen, "subject"), "CN=localhost");
    assert_eq!(field(&seen, "issuer"), "CN=Test authority,O=Test");
    assert_eq!(field(&seen, "days_left"), "1");
    assert_eq!(field(&seen, "protocol"), "TLSv1.3");
    let Value::Record(record) = &seen else { panic!() };
    assert_eq!(record.get("names").unwrap().inspect(), r#"["localhost", "*.shop.example", "127.0.0.1"]"#);
    assert!(record.get("chain").unwrap().inspect().starts_with("[{ subject: \"CN=Test authority,O=Test\""));
    // The same as openssl says.
    let mut openssl = Command::new("openssl");
    openssl.args(["x509", "-noout", "-fingerprint", "-sha256", "-serial", "-in"]).arg(folder.join("server.crt"));
    let said = String::from_utf8(openssl.output().unwrap().stdout).unwrap().to_lowercase().replace(':', "");
    assert!(said.contains(&field(&seen, "sha256")), "{said}");
    assert!(said.contains(field(&seen, "serial").trim_start_matches('0')), "{said}");
    // By another name, behind a balancer.
    for (name, verified) in [("www.shop.example", "true"), ("127.0.0.1", "true"), ("other.example", "false")] {
        let more = vec![("ca", Value::from(ca.to_str().unwrap())), ("name", Value::from(name))];
        let seen = at(&server, more).unwrap();
        assert_eq!(field(&seen, "verified"), verified, "{name}");
        assert_eq!(field(&seen, "why"), if verified == "true" { "null" } else { "it is for other names" });
    }
    let seen = at(&server, Vec::new()).unwrap();
    assert!(field(&seen, "why").starts_with("it is signed by nobody who is trusted here"), "{}", field(&seen, "why"));
}

#[test]
fn what_is_not_to_be_believed_is_told_all_the_same() {
    let folder = folder();
    certificate(&folder, "DNS:localhost", &[]);
    let seen = at(&shows(&folder, "server", None), Vec::new()).unwrap();
    assert_eq!((field(&seen, "verified").as_str(), field(&seen, "why").as_str()), ("false", "it is self-signed"));
    assert_eq!(field(&seen, "issuer"), field(&seen, "subject"));

    let folder = self::folder();
    let (key, _) = signed_certificate(&folder, "DNS:localhost", &[]);
    let path = |name: &str| folder.join(name).display().to_string();
    let old =
        ["x509", "-req", "-days", "-1", "-CA", &path("ca.crt"), "-CAkey", &path("ca.key"), "-out", &path("old.crt")];
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").unwrap();
    must(
        Command::new("openssl")
            .args(["req", "-new", "-subj", "/CN=localhost", "-out", &path("old.csr"), "-key"])
            .arg(&key),
    );
    must(Command::new("openssl").args(old).args(["-extfile", &path("names"), "-in", &path("old.csr")]));
    std::fs::copy(key, folder.join("old.key")).unwrap();
    let seen = at(&shows(&folder, "old", None), vec![("ca", Value::from(path("ca.crt")))]).unwrap();
    assert_eq!((field(&seen, "verified").as_str(), field(&seen, "why").as_str()), ("false", "it has expired"));
    assert_eq!(field(&seen, "days_left"), "-2");
}

#[test]
fn a_runbook_asserts_how_long_it_is_good() {
    let folder = folder();
    signed_certificate(&folder, "DNS:localhost", &[]);
    let server = shows(&folder, "server", None);
    let book = Book::new(format!(
        "check \"the certificate is good for two weeks\" {{\n    let shown = tls.certificate(\"localhost\", port: {}, ca: {:?})\n    assert shown.verified\n    assert shown.left > 14d\n}}\n",
        server.port,
        folder.join("ca.crt").display().to_string()
    ));
    book.run().is(1).says("CN=localhost by CN=Test authority,O=Test, good until").says("shown.left > 14d");
}

#[test]
fn a_server_that_shows_none_is_told() {
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = plain.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in plain.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(b"220 mail.shop.example ESMTP\r\n");
        }
    });
    let ask = |host: &str, port: i64| {
        let given =
            vec![("host", Value::from(host)), ("port", Value::Int(port)), ("timeout", Value::Duration(2_000_000_000))];
        told(&call("tls.certificate", given).unwrap_err())
    };
    let said = ask("127.0.0.1", port.into());
    assert!(said.contains("does not speak TLS as expected") && said.contains("Some begin without TLS"), "{said}");
    assert!(ask("127.0.0.1", free_port().into()).contains("refused the connection: nothing listens there"));
    assert!(ask("nowhere.invalid", 443).contains("the name of nowhere.invalid:443 could not be resolved"));
    assert!(ask("127.0.0.1", 0).contains("a port is a number from 1 to 65535"));
    assert!(ask("a host", 443).contains("a host is no name that a certificate can have"));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let begun = Instant::now();
    assert!(ask("127.0.0.1", silent.local_addr().unwrap().port().into()).contains("gave no answer in time"));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

/// Speaks in clear as the first lines of a protocol have it, each after what it waits for, then hands on to a server
/// with TLS.
fn begins_in_clear(talk: &'static [(&'static [u8], &'static [u8])], target: u16) -> i64 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut near in listener.incoming().map_while(Result::ok) {
            for (heard, says) in talk {
                let mut said = vec![0; heard.len()];
                if near.read_exact(&mut said).is_err() || said != *heard {
                    break;
                }
                near.write_all(says).unwrap();
            }
            let Ok(mut far) = std::net::TcpStream::connect(("127.0.0.1", target)) else { continue };
            let (mut back, mut to) = (far.try_clone().unwrap(), near.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut back, &mut to));
            let _ = std::io::copy(&mut near, &mut far);
            // It takes one after the other.
            let _ = far.shutdown(std::net::Shutdown::Both);
        }
    });
    port.into()
}

const SMTP: &[(&[u8], &[u8])] = &[
    (b"", b"220-mail.shop.example ESMTP\r\n220 at your service\r\n"),
    (b"EHLO localhost\r\n", b"250-mail.shop.example\r\n250-STARTTLS\r\n250 8BITMIME\r\n"),
    (b"STARTTLS\r\n", b"220 go ahead\r\n"),
];
const IMAP: &[(&[u8], &[u8])] = &[
    (b"", b"* OK [CAPABILITY IMAP4rev2 STARTTLS] ready\r\n"),
    (b"rbk STARTTLS\r\n", b"* NOTICE soon\r\nrbk OK begin now\r\n"),
];
const POSTGRES: &[(&[u8], &[u8])] = &[(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f], b"S")];

#[test]
fn tls_is_asked_for_where_it_does_not_begin_by_itself() {
    let folder = folder();
    signed_certificate(&folder, "DNS:localhost", &[]);
    let server = shows(&folder, "server", None);
    let look = |kind: &str, port: i64| {
        let ca = folder.join("ca.crt");
        let given = vec![
            ("host", Value::from("localhost")),
            ("port", Value::Int(port)),
            ("starttls", Value::from(kind)),
            ("ca", Value::from(ca.to_str().unwrap())),
            ("timeout", Value::Duration(2_000_000_000)),
        ];
        call("tls.certificate", given)
    };
    for (kind, talk) in [("smtp", SMTP), ("imap", IMAP), ("postgres", POSTGRES)] {
        let seen =
            look(kind, begins_in_clear(talk, server.port)).unwrap_or_else(|error| panic!("{kind}: {}", told(&error)));
        assert_eq!((field(&seen, "verified").as_str(), field(&seen, "subject").as_str()), ("true", "CN=localhost"));
    }
    const BUSY: &[(&[u8], &[u8])] = &[(b"", b"421 too \x1b[31mbusy\r\n")];
    const WITHOUT: &[(&[u8], &[u8])] =
        &[SMTP[0], (b"EHLO localhost\r\n", b"250 hello\r\n"), (b"STARTTLS\r\n", b"502 unknown\r\n")];
    const NO: &[(&[u8], &[u8])] = &[IMAP[0], (b"rbk STARTTLS\r\n", b"rbk BAD unknown\r\n")];
    const PLAIN: &[(&[u8], &[u8])] = &[(POSTGRES[0].0, b"N")];
    for (kind, talk, wanted) in [
        (
            "smtp",
            BUSY,
            "does not begin with TLS when asked: 421 too \u{fffd}[31mbusy\nhelp: is TLS switched on there, and is it SMTP?",
        ),
        ("smtp", WITHOUT, "does not begin with TLS when asked: 502 unknown"),
        ("imap", NO, "does not begin with TLS when asked: rbk BAD unknown"),
        ("imap", SMTP, "does not begin with TLS when asked: 220-mail.shop.example ESMTP"),
        ("postgres", PLAIN, "does not begin with TLS when asked: it says that it has no TLS\nhelp: is TLS switched on"),
        ("postgres", SMTP, "does not begin with TLS when asked: it answered '2'"),
        ("smtp", POSTGRES, "localhost:"),
    ] {
        let said = told(&look(kind, begins_in_clear(talk, 1)).unwrap_err());
        assert!(said.contains(wanted), "{kind}: {said}");
    }
    // A server that waits for the other side to begin.
    let said = told(&look("smtp", server.port.into()).unwrap_err());
    assert!(said.contains("gave no answer in time"), "{said}");
    let said = told(&look("stmp", 25).unwrap_err());
    assert!(said.contains("`starttls` does not know `stmp`\nhelp: `smtp`, `imap` or `postgres`"), "{said}");
    let shown = |given: Vec<(&str, Value)>| {
        let action = action("tls.certificate");
        (action.show)(&args(action, given))
    };
    let host = || ("host", Value::from("shop.example"));
    assert!(shown(vec![host()]).ends_with("shop.example:443"));
    assert!(shown(vec![host(), ("starttls", Value::from("imap"))]).ends_with("shop.example:143"));
    assert!(shown(vec![host(), ("port", Value::Int(587)), ("starttls", Value::from("smtp"))]).ends_with(":587"));
}

/// A name server for `shop.example`, over UDP and TCP on one port, until the end of the tests.
fn name_server() -> SocketAddr {
    let (udp, tcp) = loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            break (udp, tcp);
        }
    };
    let address = tcp.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        let mut lost = 0;
        loop {
            let (length, from) = udp.recv_from(&mut buffer).unwrap();
            let question = Message::from_vec(&buffer[..length]).unwrap();
            let asked = question.queries[0].name().to_utf8();
            if asked.starts_with("silent.") || (asked.starts_with("lost.") && lost == 0) {
                lost += 1;
                continue;
            }
            let mut answer = answered(&question);
            if answer.to_vec().unwrap().len() > 512 {
                answer.answers.clear();
                answer.metadata.truncation = true;
            }
            if asked.starts_with("forged.") {
                // Somebody else is faster, and guesses the number of the question.
                let mut forged = answer.clone();
                forged.metadata.id = forged.metadata.id.wrapping_add(1);
                forged.answers = vec![Record::from_rdata(
                    question.queries[0].name().clone(),
                    60,
                    RData::A(rdata::A::new(6, 6, 6, 6)),
                )];
                udp.send_to(&forged.to_vec().unwrap(), from).unwrap();
                udp.send_to(b"no message", from).unwrap();
            }
            udp.send_to(&answer.to_vec().unwrap(), from).unwrap();
        }
    });
    std::thread::spawn(move || {
        for stream in tcp.incoming() {
            let mut stream = stream.unwrap();
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut bytes = vec![0; u16::from_be_bytes(length).into()];
            stream.read_exact(&mut bytes).unwrap();
            let answer = answered(&Message::from_vec(&bytes).unwrap()).to_vec().unwrap();
            stream.write_all(&u16::try_from(answer.len()).unwrap().to_be_bytes()).unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
    address
}

fn answered(question: &Message) -> Message {
    let query = question.queries[0].clone();
    let mut answer = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    answer.add_query(query.clone());
    let name = |text: &str| Name::from_utf8(text).unwrap();
    let own = query.name().to_utf8();
    let add = |answer: &mut Message, owner: &str, data: RData| {
        answer.add_answer(Record::from_rdata(name(owner), 300, data));
    };
    let a = |last: u8| RData::A(rdata::A::new(192, 0, 2, last));
    match (own.trim_end_matches('.'), query.query_type()) {
        ("shop.example", RecordType::A) => {
            add(&mut answer, &own, a(9));
            add(&mut answer, &own, a(1));
        }
        ("www.shop.example", RecordType::A | RecordType::CNAME) => {
            add(&mut answer, &own, RData::CNAME(rdata::CNAME(name("shop.example."))));
            if query.query_type() == RecordType::A {
                add(&mut answer, "shop.example.", a(1));
            }
        }
        ("shop.example", RecordType::AAAA) => {
            add(&mut answer, &own, RData::AAAA(rdata::AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)));
        }
        ("shop.example", RecordType::MX) => {
            add(&mut answer, &own, RData::MX(rdata::MX::new(10, name("mail.shop.example."))));
        }
        ("shop.example", RecordType::TXT) => {
            let text = |pieces: &[&str]| RData::TXT(rdata::TXT::new(pieces.iter().map(ToString::to_string).collect()));
            add(&mut answer, &own, text(&["v=spf1 ", "-all"]));
            add(&mut answer, &own, text(&["čšž \"quoted\""]));
        }
        ("large.shop.example", RecordType::A) => (0..100).for_each(|last| add(&mut answer, &own, a(last))),
        ("forged.shop.example" | "lost.shop.example", RecordType::A) => add(&mut answer, &own, a(7)),
        ("1.2.0.192.in-addr.arpa", RecordType::PTR) => {
            add(&mut answer, &own, RData::PTR(rdata::PTR(name("shop.example."))));
        }
        ("broken.shop.example", _) => answer.metadata.response_code = ResponseCode::ServFail,
        ("other.example", _) => answer.metadata.response_code = ResponseCode::Refused,
        ("empty.shop.example", _) => {}
        _ => answer.metadata.response_code = ResponseCode::NXDomain,
    }
    answer
}

#[test]
fn records_are_looked_up() {
    let server = name_server();
    let look = |name: &str, kind: &str| {
        let given =
            vec![("name", Value::from(name)), ("type", Value::from(kind)), ("server", Value::from(server.to_string()))];
        call("dns.lookup", given).unwrap_or_else(|error| panic!("{name} {kind}: {}", told(&error)))
    };
    for (name, kind, wanted) in [
        ("shop.example", "A", r#"["192.0.2.1", "192.0.2.9"]"#),
        ("shop.example.", "a", r#"["192.0.2.1", "192.0.2.9"]"#),
        ("www.shop.example", "A", r#"["192.0.2.1"]"#),
        ("www.shop.example", "CNAME", r#"["shop.example"]"#),
        ("shop.example", "AAAA", r#"["2001:db8::1"]"#),
        ("shop.example", "MX", r#"["10 mail.shop.example"]"#),
        ("shop.example", "TXT", r#"["v=spf1 -all", "čšž \"quoted\""]"#),
        ("192.0.2.1", "PTR", r#"["shop.example"]"#),
        ("empty.shop.example", "A", "[]"),
        ("none.shop.example", "A", "[]"),
        ("forged.shop.example", "A", r#"["192.0.2.7"]"#),
    ] {
        assert_eq!(look(name, kind).inspect(), wanted, "{name} {kind}");
    }
    // Too long for UDP.
    assert!(matches!(look("large.shop.example", "A"), Value::List(found) if found.len() == 100));
    // A packet was lost.
    assert_eq!(look("lost.shop.example", "A").inspect(), r#"["192.0.2.7"]"#);
}

#[test]
fn an_answer_is_told_whole() {
    let server = Value::from(name_server().to_string());
    let look = |name: &str| call("dns.records", vec![("name", Value::from(name)), ("server", server.clone())]).unwrap();
    let answer = look("www.shop.example");
    let Value::Record(record) = &answer else { panic!() };
    assert_eq!(
        rbk::value::json::exposed(record.get("records").unwrap()).to_string(),
        r#"[{"name":"www.shop.example","type":"CNAME","data":"shop.example","ttl":"5m"},{"name":"shop.example","type":"A","data":"192.0.2.1","ttl":"5m"}]"#
    );
    assert_eq!((field(&answer, "exists"), field(&answer, "server")), ("true".to_owned(), server.to_text()));
    assert_eq!(field(&look("none.shop.example"), "exists"), "false");
    assert_eq!(field(&look("empty.shop.example"), "exists"), "true");
}

#[test]
fn what_name_servers_refuse_is_told() {
    let server = name_server().to_string();
    let look = |name: &str, kind: &str, server: &str| {
        let given = vec![
            ("name", Value::from(name)),
            ("type", Value::from(kind)),
            ("server", Value::from(server)),
            ("timeout", Value::Duration(1_000_000_000)),
        ];
        told(&call("dns.lookup", given).unwrap_err())
    };
    for (said, wanted) in [
        (
            look("broken.shop.example", "A", &server),
            "could not find out about broken.shop.example (SERVFAIL)\nhelp: one of the servers",
        ),
        (
            look("other.example", "A", &server),
            "does not answer questions about other.example (REFUSED)\nhelp: ask another",
        ),
        (look("silent.shop.example", "A", &server), "no answer about silent.shop.example from 127.0.0.1:"),
        (look("shop.example", "B", &server), "there are no records of type B\nhelp: A, AAAA"),
        (look("shop..example", "A", &server), "this is no name: "),
        (
            look("shop.example", "A", "nowhere.invalid"),
            "the name server nowhere.invalid could not be found\nhelp: give its address",
        ),
        (look("shop.example", "A", &format!("127.0.0.1:{}", free_port())), "no answer from 127.0.0.1:"),
    ] {
        assert!(said.contains(wanted), "{said}");
    }
}

#[test]
fn a_move_is_waited_for() {
    let server = name_server();
    let book = Book::new(format!(
        "check \"the name is moved\" within 2s every 1s {{\n    assert dns.lookup(\"shop.example\", server: \"{server}\") == [\"192.0.2.77\"]\n}}\n"
    ));
    book.run().is(1).says(r#"["192.0.2.1", "192.0.2.9"]"#);
}
