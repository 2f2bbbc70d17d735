//! Real servers: started once for a test binary, on a free port, in a folder of their own, and gone with it.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that ends when this process does, however it does.
pub struct Server {
    pub port: u16,
    pub folder: PathBuf,
    /// The shell beside the server waits for the end of this.
    _alive: ChildStdin,
}

/// Where programs of a server are that are not on PATH.
pub fn program(names: &[&str], folders: &[&str]) -> Option<PathBuf> {
    let mut all: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    for pattern in folders {
        match pattern.split_once("/*/") {
            None => all.push(pattern.into()),
            Some((parent, rest)) => {
                let versions = std::fs::read_dir(parent).into_iter().flatten().flatten();
                all.extend(versions.map(|version| version.path().join(rest)));
            }
        }
    }
    names.iter().flat_map(|name| all.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

/// Says why there is no server, or fails where all of it has to be tested.
pub fn missing(what: &str, package: &str) {
    let told = format!("{what} is not on this machine (Debian: {package}): what needs it is not tested");
    assert!(std::env::var_os("RBK_TEST_EVERYTHING").is_none(), "{told}");
    eprintln!("skipped: {told}");
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder that belongs to a user who is not root: database servers refuse to run as root.
pub fn folder() -> (PathBuf, Vec<String>) {
    let folder = tempfile::Builder::new().prefix("rbk-db-").tempdir().unwrap().keep();
    if !rustix::process::getuid().is_root() {
        return (folder, Vec::new());
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let nobody = users.lines().find(|line| line.starts_with("nobody:")).unwrap();
    let ids: Vec<u32> = nobody.split(':').skip(2).take(2).map(|id| id.parse().unwrap()).collect();
    std::os::unix::fs::chown(&folder, Some(ids[0]), Some(ids[1])).unwrap();
    let switch = ["setpriv", &format!("--reuid={}", ids[0]), &format!("--regid={}", ids[1]), "--clear-groups"];
    (folder, switch.iter().map(|&word| word.to_owned()).collect())
}

pub fn must(command: &mut Command) {
    let output = command.current_dir("/").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// Starts a server beside a shell that ends it.
#[allow(clippy::zombie_processes, reason = "the shell waits for the end of this process")]
pub fn start(words: &[String], folder: &Path, port: u16) -> Server {
    let script = "\"$@\" >\"$FOLDER/log\" 2>&1 & pid=$!; read -r _; kill -INT $pid; sleep 0.2; kill -9 $pid; wait $pid; rm -rf \"$FOLDER\"";
    let mut child = Command::new("setsid")
        .args(["sh", "-c", script, "sh"])
        .args(words)
        .env("FOLDER", folder)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut alive = child.stdin.take().unwrap();
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if begun.elapsed() > Duration::from_secs(60) || child.try_wait().unwrap().is_some() {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            let _ = alive.write_all(b"\n");
            panic!("the server did not start: {log}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Server { port, folder: folder.to_owned(), _alive: alive }
}

pub fn words(switch: &[String], program: &Path, args: &[&str]) -> Vec<String> {
    let own = std::iter::once(program.display().to_string());
    switch.iter().cloned().chain(own).chain(args.iter().map(|&arg| arg.to_owned())).collect()
}

/// A key and a certificate that it has signed itself, for names like `DNS:localhost`, good for two days: `server.key`
/// and `server.crt` in the folder, made as the user who will read them.
pub fn certificate(folder: &Path, names: &str, switch: &[String]) -> (PathBuf, PathBuf) {
    openssl(folder, "server", &["-days", "2", "-subj", "/CN=localhost", "-addext", &alternative(names)], switch)
}

/// The same, signed by an authority of its own, `ca.crt`.
pub fn signed_certificate(folder: &Path, names: &str, switch: &[String]) -> (PathBuf, PathBuf) {
    let (ca_key, ca) = openssl(folder, "ca", &["-days", "20", "-subj", "/O=Test/CN=Test authority"], switch);
    let by = ["-CA", ca.to_str().unwrap(), "-CAkey", ca_key.to_str().unwrap(), "-days", "2"];
    let names = alternative(names);
    let subject = ["-subj", "/CN=localhost", "-addext", &names, "-addext", "basicConstraints=CA:FALSE"];
    openssl(folder, "server", &[&by[..], &subject].concat(), switch)
}

fn alternative(names: &str) -> String {
    format!("subjectAltName={names}")
}

fn openssl(folder: &Path, name: &str, more: &[&str], switch: &[String]) -> (PathBuf, PathBuf) {
    let (key, certificate) = (folder.join(format!("{name}.key")), folder.join(format!("{name}.crt")));
    let args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let files = ["-keyout", key.to_str().unwrap(), "-out", certificate.to_str().unwrap()];
    let mut openssl = words(switch, Path::new("openssl"), &[&args[..], more, &files].concat());
    must(Command::new(openssl.remove(0)).args(openssl));
    (key, certificate)
}
