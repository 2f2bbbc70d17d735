//! Real servers: started once for this test binary, on a free port, in a folder of their own, and gone with it.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::db::Db;

/// A server that ends when this process does, however it does.
pub struct Server {
    pub port: u16,
    pub folder: PathBuf,
    /// The shell beside the server waits for the end of this.
    _alive: ChildStdin,
}

pub const PASSWORD: &str = "p@ss/w:rd%20";
pub const ENCODED: &str = "p%40ss%2Fw%3Ard%2520";

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

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder that belongs to a user who is not root: database servers refuse to run as root.
fn folder() -> (PathBuf, Vec<String>) {
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

fn must(command: &mut Command) {
    let output = command.current_dir("/").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// Starts a server beside a shell that ends it.
#[allow(clippy::zombie_processes, reason = "the shell waits for the end of this process")]
fn start(words: &[String], folder: &Path, port: u16) -> Server {
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

fn words(switch: &[String], program: &Path, args: &[&str]) -> Vec<String> {
    let own = std::iter::once(program.display().to_string());
    switch.iter().cloned().chain(own).chain(args.iter().map(|&arg| arg.to_owned())).collect()
}

/// PostgreSQL, with TLS by a certificate of its own for `localhost`. `None` if it is not installed.
pub fn postgres() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let Some(initdb) = program(&["initdb"], &["/usr/lib/postgresql/*/bin"]) else {
                missing("PostgreSQL", "postgresql");
                return None;
            };
            let (folder, switch) = folder();
            let data = folder.join("data");
            let data = data.to_str().unwrap();
            std::fs::write(folder.join("password"), PASSWORD).unwrap();
            let password = format!("--pwfile={}/password", folder.display());
            let args = [
                "-D",
                data,
                "-U",
                "admin",
                "--auth=scram-sha-256",
                &password,
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
            ];
            let initdb_words = words(&switch, &initdb, &args);
            must(Command::new(&initdb_words[0]).args(&initdb_words[1..]));
            let key = format!("{}/server.key", folder.display());
            let certificate = format!("{}/server.crt", folder.display());
            let mut openssl = words(
                &switch,
                Path::new("openssl"),
                &[
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:prime256v1",
                    "-nodes",
                    "-days",
                    "2",
                    "-subj",
                    "/CN=localhost",
                    "-addext",
                    "subjectAltName=DNS:localhost",
                    "-keyout",
                    &key,
                    "-out",
                    &certificate,
                ],
            );
            must(Command::new(openssl.remove(0)).args(openssl));
            let port = free_port();
            let (number, socket) = (port.to_string(), folder.display().to_string());
            let (key, certificate) = (format!("ssl_key_file={key}"), format!("ssl_cert_file={certificate}"));
            let args = [
                "-D",
                data,
                "-p",
                &number,
                "-k",
                &socket,
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "fsync=off",
                "-c",
                "ssl=on",
                "-c",
                &key,
                "-c",
                &certificate,
            ];
            Some(start(&words(&switch, &initdb.with_file_name("postgres"), &args), &folder, port))
        })
        .as_ref()
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Server {
    /// The address of a database in PostgreSQL.
    pub fn postgres_url(&self, database: &str) -> String {
        format!("postgres://admin:{ENCODED}@localhost:{}/{database}?hostaddr=127.0.0.1", self.port)
    }

    /// A database of its own for a test.
    pub fn postgres_database(&self) -> Db {
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let admin = Db::new(self.postgres_url("postgres"));
        // The server answers before it is ready.
        let begun = Instant::now();
        while let Err(error) = admin.query(&["SELECT 1"], Vec::new()) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{}", error.message);
            std::thread::sleep(Duration::from_millis(50));
        }
        admin.must(&format!("CREATE DATABASE {name}"));
        Db::new(self.postgres_url(&name))
    }
}

/// MariaDB, or MySQL where that is installed. `None` if neither is.
pub fn mysql() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let sbin = ["/usr/sbin"];
            let found = program(&["mariadbd", "mysqld"], &sbin).zip(program(&["mariadb-install-db"], &sbin));
            let Some((server, install)) = found else {
                missing("MariaDB", "mariadb-server");
                return None;
            };
            let (folder, switch) = folder();
            let data = format!("--datadir={}/data", folder.display());
            let quick = ["--no-defaults", &data, "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=8M"];
            let args = ["--no-defaults", &data, "--auth-root-authentication-method=normal", "--skip-test-db"];
            let install = words(&switch, &install, &args);
            must(Command::new(&install[0]).args(&install[1..]));
            let init = folder.join("init.sql");
            // Nobody without a name: they would come before anybody who is known everywhere.
            let user = format!(
                "DELETE FROM mysql.global_priv WHERE User = ''; FLUSH PRIVILEGES; CREATE USER admin@'%' IDENTIFIED BY \
                 '{PASSWORD}'; GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;\n"
            )
            .replace("; ", ";\n");
            std::fs::write(&init, user).unwrap();
            let port = free_port();
            let own = |name: &str, value: String| format!("--{name}={value}");
            let more = [
                own("init-file", init.display().to_string()),
                own("port", port.to_string()),
                own("socket", folder.join("socket").display().to_string()),
                own("pid-file", folder.join("pid").display().to_string()),
                "--bind-address=127.0.0.1".to_owned(),
                "--innodb-buffer-pool-size=16M".to_owned(),
            ];
            let args: Vec<&str> = quick.into_iter().chain(more.iter().map(String::as_str)).collect();
            Some(start(&words(&switch, &server, &args), &folder, port))
        })
        .as_ref()
}

impl Server {
    /// The address of a database in MySQL.
    pub fn mysql_url(&self, database: &str) -> String {
        format!("mysql://admin:{ENCODED}@127.0.0.1:{}/{database}", self.port)
    }

    /// A database of its own for a test.
    pub fn mysql_database(&self) -> Db {
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let admin = Db::new(self.mysql_url(""));
        // The server answers before it has made the user.
        let begun = Instant::now();
        while let Err(error) = admin.query(&["SELECT 1"], Vec::new()) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{}", error.message);
            std::thread::sleep(Duration::from_millis(50));
        }
        admin.must(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"));
        Db::new(self.mysql_url(&name))
    }
}
