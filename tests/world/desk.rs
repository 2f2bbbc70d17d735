//! A folder with files, and the real `rbk` in it, as a person or a build server meets it.

#![allow(dead_code)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A folder, and `rbk` in it, without what the machine's environment says.
pub(crate) struct Desk(tempfile::TempDir);

/// What came of a command.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// What would make a test depend on where it runs.
const SURROUNDINGS: [&str; 9] = [
    "RBK_CONFIG",
    "RBK_ENV",
    "RBK_JOURNAL",
    "RBK_LOG",
    "RUST_BACKTRACE",
    "GITHUB_ACTIONS",
    "CI",
    "CLICOLOR_FORCE",
    "NO_COLOR",
];

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn put(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        std::fs::create_dir_all(self.path().join(name).parent().unwrap()).unwrap();
        std::fs::write(self.path().join(name), text).unwrap();
        self
    }

    /// What a file holds.
    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rbk"));
        command.current_dir(self.path()).args(args).stdin(Stdio::null());
        for name in SURROUNDINGS {
            command.env_remove(name);
        }
        command.env("XDG_STATE_HOME", self.path().join("state"));
        command
    }

    pub(crate) fn rbk(&self, args: &[&str]) -> Said {
        self.rbk_with(args, &[])
    }

    pub(crate) fn rbk_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Said {
        let mut command = self.command(args);
        command.envs(variables.iter().copied());
        Said::of(command.output().unwrap())
    }

    /// The same with a text on standard input.
    pub(crate) fn rbk_fed(&self, args: &[&str], input: impl AsRef<[u8]>) -> Said {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_ref()).unwrap();
        Said::of(child.wait_with_output().unwrap())
    }
}

impl Said {
    fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(crate) fn out(&self, text: &str) -> &Self {
        assert!(self.out.contains(text), "{text:?} is not in {}", self.out);
        self
    }

    #[track_caller]
    pub(crate) fn err(&self, text: &str) -> &Self {
        assert!(self.err.contains(text), "{text:?} is not in {}", self.err);
        self
    }
}
