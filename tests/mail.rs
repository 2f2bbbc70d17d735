//! Mail to a server of these tests, which speaks SMTP (RFC 5321), with and without TLS.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rbk::catalog::{ActionError, Certainty};
use rbk::value::Value;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use world::book::{Book, told};
use world::server::{certificate, free_port, signed_certificate};
use world::{Around, action, args, run_local};

const PASSWORD: &str = "p@ss/w:rd%20";
const ENCODED: &str = "p%40ss%2Fw%3Ard%2520";

/// How it behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    StartTls,
    Tls,
    /// It takes the message, and goes.
    Dies,
    /// It says nothing.
    Silent,
}

#[derive(Clone, Debug, Default)]
struct Taken {
    from: String,
    to: Vec<String>,
    text: String,
    user: String,
    encrypted: bool,
}

struct Server {
    port: u16,
    ca: PathBuf,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Server {
    fn new(kind: Kind) -> Self {
        let folder = tempfile::Builder::new().prefix("rbk-mail-").tempdir().unwrap().keep();
        let (key, certificate) = signed_certificate(&folder, "DNS:localhost", &[]);
        let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key);
        let config = Arc::new(config.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (config, all) = (Arc::clone(&config), Arc::clone(&all));
                // A client that breaks off is no fault of the server.
                std::thread::spawn(move || drop(serve(stream.unwrap(), kind, &config, &all)));
            }
        });
        Self { port, ca: folder.join("ca.crt"), taken }
    }

    fn taken(&self) -> Taken {
        self.taken.lock().unwrap().last().cloned().expect("nothing was taken")
    }
}

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

fn serve(stream: TcpStream, kind: Kind, config: &Arc<ServerConfig>, all: &Mutex<Vec<Taken>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let encrypted = |stream| StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream);
    let mut taken = Taken { encrypted: kind == Kind::Tls, ..Taken::default() };
    let mut wire: BufReader<Box<dyn Wire>> = match kind {
        Kind::Tls => BufReader::new(Box::new(encrypted(stream.try_clone()?))),
        _ => BufReader::new(Box::new(stream.try_clone()?)),
    };
    if kind == Kind::Silent {
        std::thread::sleep(Duration::from_secs(20));
    }
    write!(wire.get_mut(), "220 mail.shop.example ESMTP\r\n")?;
    loop {
        let mut line = String::new();
        if wire.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let word = line.trim_end().to_owned();
        let upper = word.to_uppercase();
        let address = || word.split_once('<').and_then(|(_, rest)| rest.split_once('>')).unwrap().0.to_owned();
        let answer = if upper.starts_with("EHLO") {
            let more = if kind == Kind::StartTls && !taken.encrypted {
                "250-STARTTLS\r\n"
            } else {
                "250-AUTH PLAIN LOGIN\r\n"
            };
            format!("250-mail.shop.example\r\n{more}250-8BITMIME\r\n250 SMTPUTF8")
        } else if upper == "STARTTLS" {
            write!(wire.get_mut(), "220 go ahead\r\n")?;
            taken = Taken { encrypted: true, ..Taken::default() };
            wire = BufReader::new(Box::new(encrypted(stream.try_clone()?)));
            continue;
        } else if let Some(given) = word.strip_prefix("AUTH PLAIN ") {
            let wanted = rbk::functions::to_base64(format!("\0ops\0{PASSWORD}").as_bytes());
            taken.user = "ops".to_owned();
            if given == wanted { "235 welcome".to_owned() } else { "535 5.7.8 who are you".to_owned() }
        } else if upper.starts_with("MAIL FROM") {
            taken.from = address();
            "250 ok".to_owned()
        } else if upper.starts_with("RCPT TO") {
            match address() {
                one if one.starts_with("nobody@") => "550 5.1.1 no such mailbox".to_owned(),
                one if one.starts_with("full@") => "452 4.2.2 the mailbox is full".to_owned(),
                one => {
                    taken.to.push(one);
                    "250 ok".to_owned()
                }
            }
        } else if upper == "DATA" {
            write!(wire.get_mut(), "354 go on\r\n")?;
            let mut line = String::new();
            while line != ".\r\n" {
                taken.text.push_str(&line);
                line.clear();
                wire.read_line(&mut line)?;
            }
            all.lock().unwrap().push(std::mem::take(&mut taken));
            if kind == Kind::Dies {
                return Ok(());
            }
            "250 2.0.0 taken as 42".to_owned()
        } else {
            "250 ok".to_owned()
        };
        write!(wire.get_mut(), "{answer}\r\n")?;
    }
}

fn list(of: &[&str]) -> Value {
    Value::list(of.iter().map(|&one| Value::from(one)))
}

fn send(url: &str, more: Vec<(&'static str, Value)>) -> Result<Value, ActionError> {
    let mut given = vec![
        ("server", Value::from(url)),
        ("from", Value::from("Shop <ops@shop.example>")),
        ("to", list(&["Ada <ada@shop.example>"])),
        ("subject", Value::from("Maintenance is over")),
        ("text", Value::from("The shop is open again.\n.\nBye.\n")),
    ];
    given.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    given.extend(more);
    let action = action("mail.send");
    let args = args(action, given);
    let around = Around { key: Some("run-1-step-2".to_owned()), ..Around::new() };
    run_local((action.run)(&around.call(&args)))
}

fn said(error: &ActionError) -> String {
    format!("{:?}: {}\nhelp: {}", error.certainty, error.message, error.help.as_deref().unwrap_or_default())
}

#[test]
fn a_message_arrives_as_it_was_meant() {
    let server = Server::new(Kind::Plain);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("plan.csv");
    std::fs::write(&file, "step,done\n1,yes\n").unwrap();
    let url = format!("smtp://127.0.0.1:{}?tls=none", server.port);
    send(&url, Vec::new()).unwrap();
    let plain = server.taken();
    assert_eq!((plain.from.as_str(), plain.to.as_slice()), ("ops@shop.example", &["ada@shop.example".to_owned()][..]));
    for line in [
        "Subject: Maintenance is over\r\n",
        "Message-ID: <run-1-step-2@shop.example>\r\n",
        "From: \"Shop\" <ops@shop.example>\r\n",
        "The shop is open again.\r\n..\r\nBye.\r\n",
    ] {
        let other = line.replace("\"Shop\"", "Shop");
        assert!(plain.text.contains(line) || plain.text.contains(&other), "{line} in {}", plain.text);
    }
    let more = vec![
        ("to", list(&["ada@shop.example", "grace@shop.example"])),
        ("cc", list(&["all@shop.example"])),
        ("bcc", list(&["hidden@shop.example"])),
        ("reply_to", Value::from("support@shop.example")),
        ("subject", Value::from("Údržba skončila")),
        ("html", Value::from("<p>open</p>")),
        ("attach", list(&[file.to_str().unwrap()])),
    ];
    send(&url, more).unwrap();
    let all = server.taken();
    assert_eq!(all.to, ["ada@shop.example", "grace@shop.example", "all@shop.example", "hidden@shop.example"]);
    assert!(!all.text.contains("hidden@"), "{}", all.text);
    for part in [
        "Subject: =?utf-8?b?",
        "Reply-To: support@shop.example",
        "multipart/mixed",
        "multipart/alternative",
        "<p>open</p>",
        "filename=\"plan.csv\"",
        "1,yes",
    ] {
        assert!(all.text.contains(part), "{part} in {}", all.text);
    }
}

#[test]
fn a_password_goes_under_tls_only() {
    let server = Server::new(Kind::StartTls);
    let at = |port: u16, scheme: &str, query: &str| format!("{scheme}://ops:{ENCODED}@localhost:{port}{query}");
    let ca = format!("?cacert={}", server.ca.display());
    send(&at(server.port, "smtp", &ca), Vec::new()).unwrap();
    assert_eq!((server.taken().encrypted, server.taken().user.as_str()), (true, "ops"));
    let tls = Server::new(Kind::Tls);
    let own = format!("?cacert={}", tls.ca.display());
    send(&at(tls.port, "smtps", &own), Vec::new()).unwrap();
    assert!(tls.taken().encrypted);
    send(&at(tls.port, "smtps", "?insecure=true"), Vec::new()).unwrap();
    // Somebody else's authority; and a server that cannot.
    let error = said(&send(&at(tls.port, "smtps", &ca), Vec::new()).unwrap_err());
    assert!(error.contains("NotBegun: the certificate of localhost:") && error.contains("?cacert="), "{error}");
    let plain = Server::new(Kind::Plain);
    let error = said(&send(&at(plain.port, "smtp", ""), Vec::new()).unwrap_err());
    assert!(error.contains(" offers no TLS\nhelp: if the way to it is safe"), "{error}");
    let error = said(&send(&at(plain.port, "smtp", "?tls=none"), Vec::new()).unwrap_err());
    assert!(error.contains("the password could be read by everybody"), "{error}");
    assert!(plain.taken.lock().unwrap().is_empty());
    let error = said(&send(&at(server.port, "smtp", &ca).replace(ENCODED, "wrong"), Vec::new()).unwrap_err());
    assert!(error.contains("does not take the password of ops: ") && !error.contains("wrong"), "{error}");
}

#[test]
fn what_is_not_taken_says_how_far_it_came() {
    let server = Server::new(Kind::Plain);
    let url = format!("smtp://127.0.0.1:{}?tls=none", server.port);
    for (more, wanted) in [
        (vec![("to", list(&["nobody@shop.example"]))], "Failed: 127.0.0.1:"),
        (vec![("to", list(&["ada@shop.example", "nobody@shop.example"]))], "no such mailbox"),
        (vec![("to", list(&["full@shop.example"]))], "help: it may take it later: retry 3 after 1m"),
        (vec![("to", list(&["no address"]))], "NotBegun: \"no address\" is no address"),
        (vec![("to", list(&[]))], "NotBegun: this is no message"),
        (vec![("from", Value::from("ops"))], "NotBegun: \"ops\" is no address"),
        (vec![("subject", Value::from("one\r\nBcc: two@shop.example"))], "NotBegun: a subject is one line"),
        (vec![("attach", list(&["/no/such/file"]))], "/no/such/file could not be read"),
    ] {
        let error = said(&send(&url, more).unwrap_err());
        assert!(error.contains(wanted), "{error}");
    }
    assert!(server.taken.lock().unwrap().is_empty());
    let closed = free_port();
    for (url, wanted) in [
        (format!("smtp://127.0.0.1:{closed}"), "NotBegun: 127.0.0.1:"),
        ("smtp://nowhere.invalid".to_owned(), "NotBegun: the name of nowhere.invalid:587 could not be resolved"),
        ("http://mail".to_owned(), "NotBegun: this is no address of a mail server: `http:`"),
    ] {
        let error = said(&send(&url, Vec::new()).unwrap_err());
        assert!(error.contains(wanted), "{error}");
    }
    // Its answer is lost: nobody knows.
    let dies = Server::new(Kind::Dies);
    let error = send(&format!("smtp://127.0.0.1:{}?tls=none", dies.port), Vec::new()).unwrap_err();
    assert_eq!(error.certainty, Certainty::InDoubt, "{}", said(&error));
    let silent = Server::new(Kind::Silent);
    let begun = Instant::now();
    let more = vec![("timeout", Value::Duration(500_000_000))];
    let error = said(&send(&format!("smtp://127.0.0.1:{}", silent.port), more).unwrap_err());
    assert!(error.contains("NotBegun: 127.0.0.1:") && error.contains("gave no answer in time"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_self_signed_server_is_told() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path(), "DNS:localhost", &[]);
    let server = Server::new(Kind::Tls);
    let error = said(&send(&format!("smtps://localhost:{}", server.port), Vec::new()).unwrap_err());
    assert!(error.contains("is not accepted"), "{error}");
}

#[test]
fn a_runbook_tells_people() {
    let server = Server::new(Kind::StartTls);
    let book = Book::new(
        "secret mail_server from env_var(\"MAIL_URL\")\nstep \"Tell everybody\" irreversible \"it is in their mailboxes\" {\n    mail.send(mail_server, from: \"ops@shop.example\", to: [\"all@shop.example\"], subject: \"Open again\", text: \"Since ${now()}.\")\n}\n",
    );
    let mut command = book.command(&["run", "book.rbk"]);
    command.env("MAIL_URL", format!("smtp://ops:{ENCODED}@localhost:{}?cacert={}", server.port, server.ca.display()));
    told(command).is(0).never_says(PASSWORD).never_says(ENCODED);
    assert_eq!(server.taken().to, ["all@shop.example"]);
    assert!(server.taken().text.contains("Message-ID: <"));
}
