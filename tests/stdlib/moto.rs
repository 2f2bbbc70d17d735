//! AWS as moto's server plays it, and the aws command itself to speak to it.

#![allow(dead_code, reason = "shared with other tests, which use other parts of it")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Python with moto and the aws command: that of `target/python`, which `tests/run` makes, or that of the machine.
fn python() -> Option<String> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/target/python/bin/python3");
    // By the whole path of the program itself: a runbook's PATH leads elsewhere.
    let itself = |python: &&str| {
        let script = "import moto.server, boto3, awscli, sys; print(sys.executable)";
        let made = Command::new(python).args(["-c", script]).output().ok().filter(|made| made.status.success())?;
        Some(String::from_utf8_lossy(&made.stdout).trim().to_owned())
    };
    [own, "python3"].iter().find_map(itself)
}

/// The AWS of a test, until it is dropped.
pub(crate) struct Aws {
    python: String,
    child: Child,
    port: String,
    teller: u16,
}

impl Aws {
    /// `None` where moto or the command is not installed.
    pub(crate) fn new() -> Option<Self> {
        let Some(python) = python() else {
            eprintln!("skipped: no Python here has moto's server and awscli: tests/run installs them");
            return None;
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stdlib/aws_world.py");
        let mut command = Command::new(&python);
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (port, teller) = line.trim().split_once(' ').expect("moto did not start");
        Some(Self { port: port.to_owned(), teller: teller.parse().unwrap(), python, child })
    }

    /// Puts the command into a folder of PATH, by that Python, whatever of this machine is called `aws`.
    pub(crate) fn install(&self, folder: &Path) {
        let command = folder.join("aws");
        // What stands there may be a link, and what it leads to stays.
        let _ = std::fs::remove_file(&command);
        std::fs::write(&command, format!("#!/bin/bash\nexec {} -m awscli \"$@\"\n", self.python)).unwrap();
        std::fs::set_permissions(&command, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The variables by which the command finds this AWS.
    pub(crate) fn vars(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_DEFAULT_REGION", "eu-west-1".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }

    /// Runs the command, and returns what it printed.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        let made = Command::new(&self.python).args(["-m", "awscli"]).args(words).envs(self.vars()).output().unwrap();
        assert!(made.status.success(), "{words:?}: {made:?}");
        String::from_utf8_lossy(&made.stdout).into_owned()
    }

    /// One that tells the state as JSON.
    pub(crate) fn teller(&self) -> u16 {
        self.teller
    }

    /// What an inverse must bring back.
    pub(crate) fn state(&self) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.teller)).unwrap();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
