//! An HTTP service whose answers follow the state: `/NAME/health` says how the live revision of a Cloud Run
//! service, or the pods of a deployment, are.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use serde_json::{Value, json};

pub(crate) fn serve(folder: &Path, port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    // With port 0 the kernel chooses: whoever started this reads it here.
    println!("{}", listener.local_addr().unwrap().port());
    std::io::stdout().flush().unwrap();
    for stream in listener.incoming().flatten() {
        answer(folder, stream);
    }
}

fn answer(folder: &Path, mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    let _ = reader.read_line(&mut first);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or("/");
    let mut parts = path.trim_start_matches('/').split('/');
    let name = parts.next().unwrap_or_default();
    let (status, body) = health(&crate::read(folder), name);
    let body = body.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

/// What a name answers: a Cloud Run service by the revision that has most of the traffic.
fn health(state: &Value, name: &str) -> (&'static str, Value) {
    let runs = state["run"]["services"].as_object().into_iter().flatten();
    if let Some((_, service)) = runs.into_iter().find(|(key, _)| key.rsplit('/').next() == Some(name)) {
        let traffic = service["status"]["traffic"].as_array().cloned().unwrap_or_default();
        let live = traffic.iter().max_by_key(|entry| entry["percent"].as_i64().unwrap_or(0));
        let live = live.and_then(|entry| entry["revisionName"].as_str()).unwrap_or_default();
        let broken = is_broken(state, live);
        let word = if broken { "degraded-malformed-query-detected" } else { "operational" };
        let body = json!({ "service": name, "auth_status": word, "revision": live });
        return (if broken { "503 Service Unavailable" } else { "200 OK" }, body);
    }
    let objects = state["k8s"]["objects"].as_object().into_iter().flatten();
    let found = objects.into_iter().find(|(key, _)| key.ends_with(&format!("/Deployment/{name}")));
    match found {
        Some((_, deployment)) => {
            let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(0);
            let ready = deployment["status"]["readyReplicas"].as_i64().unwrap_or(0);
            let fine = ready > 0;
            let status = if fine { "200 OK" } else { "503 Service Unavailable" };
            (status, json!({ "status": if fine { "ok" } else { "down" }, "ready": ready, "wanted": wanted }))
        }
        None => ("404 Not Found", json!({ "error": format!("there is no {name}") })),
    }
}

/// Whether what runs under this name, an image or a revision, is listed as broken.
pub(crate) fn is_broken(state: &Value, name: &str) -> bool {
    let list = state["broken"].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).any(|broken| broken == name)
}
