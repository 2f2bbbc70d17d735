//! A real sshd on the loopback device, with keys that are thrown away.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Answers on every address of the loopback device. Ended when dropped, with every connection.
pub struct Sshd {
    pub folder: tempfile::TempDir,
    pub port: u16,
    process: Child,
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Whether what is needed is on this machine; says so if not.
pub fn is_there(programs: &[&str]) -> bool {
    let places = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let missing: Vec<_> =
        programs.iter().filter(|name| !places.split(':').any(|at| Path::new(at).join(name).is_file())).collect();
    if !missing.is_empty() {
        eprintln!("skipped: {missing:?} is not installed");
    }
    missing.is_empty()
}

fn keygen(path: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status().unwrap();
    assert!(made.success());
}

impl Sshd {
    /// `None` where there is no sshd.
    pub fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// The same with further lines of sshd_config(5).
    pub fn start_with(more: &str) -> Option<Self> {
        if !is_there(&["sshd", "ssh", "ssh-keygen"]) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        // Whoever may look into it may read what is in it: sshd drops its rights before it reads the keys.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let at = |name: &str| folder.path().join(name);
        for key in ["host", "user", "stranger"] {
            keygen(&at(key));
        }
        fs::copy(at("user.pub"), at("authorized")).unwrap();
        // Its own folder for the time before it knows who it talks to (root only).
        let _ = fs::create_dir_all("/run/sshd");
        let port = free_port();
        // By SHLVL bash takes itself for no login of somebody, whose `.bashrc` may do who knows what for how long.
        let config = format!(
            "Port {port}\nListenAddress 0.0.0.0\nHostKey {host}\nAuthorizedKeysFile {keys}\nPidFile none\n\
             UsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin yes\nUseDNS no\nSetEnv SHLVL=2\nMaxStartups 200:30:300\nLogLevel ERROR\n{more}\n",
            host = at("host").display(),
            keys = at("authorized").display(),
        );
        fs::write(at("config"), config).unwrap();
        let log = fs::File::create(at("log")).unwrap();
        let process = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(at("config"))
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let key = fs::read_to_string(at("host.pub")).unwrap();
        let key: Vec<&str> = key.split_whitespace().take(2).collect();
        fs::write(at("known"), format!("[127.*]:{port} {}\n", key.join(" "))).unwrap();
        let sshd = Self { folder, port, process };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "sshd: {}", fs::read_to_string(sshd.at("log")).unwrap());
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(sshd)
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The settings by which ssh lets it be: its keys, and nothing of the user's own.
    pub fn options(&self) -> Vec<(String, String)> {
        let known = self.at("known").display().to_string();
        let identity = self.at("user").display().to_string();
        let all = [
            ("UserKnownHostsFile", known.as_str()),
            ("GlobalKnownHostsFile", "/dev/null"),
            ("IdentityFile", identity.as_str()),
            ("IdentitiesOnly", "yes"),
            // The cheapest of those that both sides know: fifty of them are one test.
            ("KexAlgorithms", "curve25519-sha256"),
        ];
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    /// The same as a record of the language.
    pub fn options_in_rbk(&self) -> String {
        let all: Vec<String> = self.options().iter().map(|(name, value)| format!("{name}: \"{value}\"")).collect();
        format!("{{ {} }}", all.join(", "))
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The login name of whoever runs the tests.
pub fn me() -> String {
    let out = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}
