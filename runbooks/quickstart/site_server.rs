//! A small web server for the quickstart: `site_server FOLDER PORT`, on 127.0.0.1 only.
//!
//! FOLDER may be a link. It is followed anew for every request, so a release goes live in the
//! moment in which the link is switched. `/health` says which release that is, and is `broken`
//! (503) when a file that `index.html` refers to is not there.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;
use std::{env, fs, process, thread};

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [folder, port] = args.as_slice() else {
        let _ = writeln!(std::io::stderr(), "usage: site_server FOLDER PORT");
        process::exit(2);
    };
    let Ok(port) = port.parse::<u16>() else {
        let _ = writeln!(std::io::stderr(), "{port} is no port");
        process::exit(2);
    };
    let folder = PathBuf::from(folder);
    for connection in TcpListener::bind(("127.0.0.1", port))?.incoming().flatten() {
        let folder = folder.clone();
        // A client that went away is no concern of the others.
        thread::spawn(move || answer(connection, &folder).ok());
    }
    Ok(())
}

/// Reads one request, answers it, and closes the connection.
fn answer(mut connection: TcpStream, folder: &Path) -> Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    // A request that is larger than this is cut off.
    let mut lines = BufReader::new((&connection).take(16 * 1024)).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    // The rest of the head is read, so that closing does not cut the answer off.
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let mut words = request.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
    let (status, kind, body) = match (method, path) {
        ("GET" | "HEAD", "/health") => health(folder),
        ("GET" | "HEAD", _) => page(folder, path),
        _ => ("405 Method Not Allowed", "text/plain", b"only GET and HEAD\n".to_vec()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    connection.write_all(head.as_bytes())?;
    if method != "HEAD" {
        connection.write_all(&body)?;
    }
    connection.flush()
}

type Answer = (&'static str, &'static str, Vec<u8>);

/// `{"status":"ok","version":"v2"}`, read from the files of the release.
fn health(folder: &Path) -> Answer {
    let version = fs::read_to_string(folder.join("VERSION")).unwrap_or_default();
    let index = fs::read_to_string(folder.join("index.html")).unwrap_or_default();
    let mut links = index.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let missing = if index.is_empty() { Some("index.html") } else { links.find(|link| !folder.join(link).exists()) };
    let (code, status) = match missing {
        None => ("200 OK", "ok".to_owned()),
        Some(file) => ("503 Service Unavailable", format!("broken\",\"missing\":\"{file}")),
    };
    let body = format!("{{\"status\":\"{status}\",\"version\":\"{}\"}}\n", version.trim());
    (code, "application/json", body.into_bytes())
}

fn page(folder: &Path, path: &str) -> Answer {
    let path = path.split('?').next().unwrap_or_default().trim_start_matches('/');
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    let beneath = path.components().all(|part| matches!(part, Component::Normal(_)));
    let kind = match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        _ => "text/plain; charset=utf-8",
    };
    match fs::read(folder.join(path)) {
        Ok(content) if beneath => ("200 OK", kind, content),
        _ => ("404 Not Found", "text/plain", b"there is no such page\n".to_vec()),
    }
}
