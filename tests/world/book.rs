//! A runbook in a folder of its own, and the real `rbk` on it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// See the module.
pub struct Book {
    pub dir: TempDir,
}

/// What came of it.
pub struct Told {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Book {
    pub fn new(text: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("book.rbk"), text).unwrap();
        Self { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Without what the environment of the tests may say about colours, proxies and the like.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rbk"));
        command.args(arguments).current_dir(self.dir.path()).stdin(Stdio::null());
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        for name in ["RBK_LOG", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE", "GITHUB_ACTIONS", "RBK_ENV"] {
            command.env_remove(name);
        }
        command.env("XDG_STATE_HOME", self.dir.path().join("state"));
        command
    }

    pub fn rbk(&self, arguments: &[&str]) -> Told {
        told(self.command(arguments))
    }

    pub fn run(&self) -> Told {
        self.rbk(&["run", "book.rbk"])
    }

    /// The lines of a file that the steps wrote.
    pub fn lines(&self, name: &str) -> Vec<String> {
        fs::read_to_string(self.path(name)).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

pub fn told(mut command: Command) -> Told {
    let begun = Instant::now();
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Told { code: status.code(), stdout: text(stdout), stderr: text(stderr), took: begun.elapsed() }
}

impl Told {
    #[track_caller]
    pub fn is(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(
            self.stderr.contains(words) || self.stdout.contains(words),
            "no {words:?} in:\n{}\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    pub fn never_says(&self, words: &str) -> &Self {
        assert!(
            !self.stderr.contains(words) && !self.stdout.contains(words),
            "{words:?} is in:\n{}\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}
