//! The sites of the world over HTTP: `http://127.0.0.1:PORT/SITE/…`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::sites::{self, Request};

pub(crate) fn serve(folder: &Path, port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    // With port 0 the kernel chooses: whoever started this reads it here.
    println!("{}", listener.local_addr().unwrap().port());
    std::io::stdout().flush().unwrap();
    for stream in listener.incoming().flatten() {
        answer(folder, stream);
    }
}

/// Takes connections, and closes them.
pub(crate) fn listen(tool: &str, port: u16) -> i32 {
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(listener) => listener.incoming().for_each(drop),
        Err(error) => eprintln!("{tool}: unable to listen on port {port}: {error}"),
    }
    1
}

fn answer(folder: &Path, mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    let _ = reader.read_line(&mut first);
    let (mut length, mut bearer, mut here) = (0, None, String::new());
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        let (name, value) = line.trim().split_once(": ").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or(0),
            "host" => value.clone_into(&mut here),
            "authorization" => bearer = value.strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
    let held = crate::lock(folder);
    let before = crate::read(folder);
    let mut state = before.clone();
    let request = Request::of(&state, method, &format!("http://{here}{path}"), &body, bearer.as_deref());
    let answer = request.map_or_else(|| sites::answered(404, json!({})), |of| sites::answer(&mut state, &of));
    if state != before {
        crate::write(folder, &state);
    }
    drop(held);
    std::thread::sleep(Duration::from_millis(answer.after));
    let (kind, body) = sites::wire(&answer.body);
    let body = if method == "HEAD" { String::new() } else { body };
    let _ = write!(
        stream,
        "HTTP/1.1 {} Answer\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        answer.status,
        body.len()
    );
}

/// Whether what runs under this name, an image or a revision, is listed as broken.
pub(crate) fn is_broken(state: &Value, name: &str) -> bool {
    let list = state["broken"].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).any(|broken| broken == name)
}
