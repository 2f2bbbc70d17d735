//! The outside world behind one trait: clock, environment, files, processes, network.
//!
//! [`real::RealHost`] is this machine; [`fake::FakeHost`] is a scripted one for tests.

mod archive;
mod cancel;
pub mod fake;
mod mail;
mod net;
pub mod real;
mod redis;
mod sql;
pub mod target;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use self::redis::{RedisError, RedisRequest, RedisValue};
pub use archive::{ArchiveDeed, ArchiveEntry, ArchiveError, ArchiveKind, ArchiveWork};
pub use cancel::Cancel;
pub use mail::{MailError, MailRequest, MailStage};
pub use net::{DnsAnswer, DnsRecord, DnsRequest, NetError, StartTls, TlsRequest, TlsShown};
pub use sql::{SqlCertainty, SqlError, SqlRequest, SqlResult, SqlStatement, SqlWork};
pub use target::{Hop, Target};

/// A future that stays on the thread that made it.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Everything that rbk can ask of the world.
pub trait Host {
    /// The time of day.
    fn now(&self) -> jiff::Timestamp;

    /// Time that only goes forward, since some fixed point.
    fn monotonic(&self) -> Duration;

    /// Returns after `duration`, or at once when cancelled.
    fn sleep<'a>(&'a self, duration: Duration, cancel: &'a Cancel) -> LocalFuture<'a, ()>;

    /// An environment variable of rbk's own process.
    fn env_var(&self, name: &str) -> Option<String>;

    /// Fills it with random bytes that nobody can guess.
    ///
    /// # Errors
    /// What the system says.
    fn random(&self, bytes: &mut [u8]) -> std::io::Result<()>;

    /// Who runs this: the login name.
    fn actor(&self) -> String;

    /// The name of the machine.
    fn machine(&self) -> String;

    /// The full path of a program, looked up as the shell does.
    fn find_program(&self, name: &str) -> Option<PathBuf>;

    /// Runs a process to its end, its whole session ended on cancellation before this returns.
    fn run_process<'a>(
        &'a self,
        process: &'a Process,
        output: &'a dyn Fn(Stream, &[u8]),
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Exit, ProcessError>>;

    /// Sends one request and reads the whole answer; follows no redirect.
    fn http<'a>(
        &'a self,
        request: &'a HttpRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<HttpResponse, HttpError>>;

    /// Sends one `GET` over a connection of its own, and tells how long each part took.
    fn timing<'a>(
        &'a self,
        _request: &'a HttpRequest,
        _cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<HttpTiming, HttpError>> {
        let message = "nothing is measured in this world".to_owned();
        Box::pin(std::future::ready(Err(HttpError { message, never_sent: true, cancelled: false })))
    }

    /// Asks a database. On cancellation the statement is ended there before this returns.
    fn sql<'a>(
        &'a self,
        request: &'a SqlRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Vec<SqlResult>, SqlError>>;

    /// Asks a Redis server. On cancellation the connection is closed, which ends what waits there.
    fn redis<'a>(
        &'a self,
        _request: &'a RedisRequest,
        _cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Vec<RedisValue>, RedisError>> {
        Box::pin(std::future::ready(Err(RedisError::never_sent("there is no Redis in this world"))))
    }

    /// Whether a TCP connection can be made within `limit`; it is closed at once.
    fn connects<'a>(&'a self, host: &'a str, port: u16, limit: Duration, cancel: &'a Cancel) -> LocalFuture<'a, bool>;

    /// The certificate that a server shows, whether or not it is to be believed.
    fn tls<'a>(&'a self, _request: &'a TlsRequest, _cancel: &'a Cancel) -> LocalFuture<'a, Result<TlsShown, NetError>> {
        Box::pin(std::future::ready(Err(NetError {
            message: "no server shows a certificate in this world".to_owned(),
            help: None,
        })))
    }

    /// Asks name servers.
    fn dns<'a>(
        &'a self,
        _request: &'a DnsRequest,
        _cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<DnsAnswer, NetError>> {
        Box::pin(std::future::ready(Err(NetError {
            message: "there is no name server in this world".to_owned(),
            help: None,
        })))
    }

    /// Packs, lists or unpacks an archive; gives what is in it. On cancellation nothing is left of it.
    fn archive<'a>(
        &'a self,
        _work: &'a ArchiveWork,
        _cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Vec<ArchiveEntry>, ArchiveError>> {
        Box::pin(std::future::ready(Err(ArchiveError::new("there are no archives in this world"))))
    }

    /// Hands a message to a mail server. Gives what that says of it.
    fn mail<'a>(
        &'a self,
        _request: &'a MailRequest,
        _cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<String, MailError>> {
        let none = MailError::not_sent("there is no mail server in this world", "script one");
        Box::pin(std::future::ready(Err(none)))
    }

    /// The file system.
    fn files(&self) -> &dyn Files;

    /// What an rbk that was killed left running on this machine: the processes in whose environment this variable
    /// has this value. One that runs as another user, or without that environment, is not seen.
    fn left_running(&self, _variable: &str, _value: &str) -> Vec<LeftRunning> {
        Vec::new()
    }

    /// Ends them: they are asked to, killed after `grace`, and waited for.
    /// Returns how many would not go.
    fn end_left_running<'a>(&'a self, _variable: &'a str, _value: &'a str, _grace: Duration) -> LocalFuture<'a, usize> {
        Box::pin(std::future::ready(0))
    }

    /// The same of what runs where `way` leads: a process of which only the way counts.
    ///
    /// # Errors
    /// In words, when the place cannot be asked.
    fn left_running_there<'a>(
        &'a self,
        _way: &'a Process,
        _variable: &'a str,
        _value: &'a str,
    ) -> LocalFuture<'a, Result<Vec<LeftRunning>, String>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Ends them there. Returns why something may be left, if it may.
    fn end_left_running_there<'a>(
        &'a self,
        _way: &'a Process,
        _variable: &'a str,
        _value: &'a str,
        _grace: Duration,
    ) -> LocalFuture<'a, Option<String>> {
        Box::pin(std::future::ready(None))
    }

    /// From here on the memory of this process holds secrets: no core dump of it is to be written.
    fn keep_memory_private(&self) {}
}

/// The largest file that is read, in bytes: 64 MiB.
pub const MAX_READ: u64 = 64 << 20;

/// The file system. Relative paths are relative to the working directory of rbk.
pub trait Files {
    /// The content of a regular file of [`MAX_READ`] bytes at most. Anything else is refused and not waited for.
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>>;
    /// The content of a regular file of any size, piece by piece.
    fn read_through(&self, path: &Path, piece: &mut dyn FnMut(&[u8])) -> std::io::Result<()> {
        piece(&self.read(path)?);
        Ok(())
    }
    /// Replaces a file whole or not at all, keeping its mode; `mode` is for a new one.
    fn write_atomic(&self, path: &Path, content: &[u8], mode: Option<u32>) -> std::io::Result<()>;
    /// Makes `link` point at `target`, replacing a link that is there, without a moment in which neither is.
    fn switch_link(&self, link: &Path, target: &Path) -> std::io::Result<()>;
    /// What a link points at; `None` if there is nothing there.
    fn read_link(&self, link: &Path) -> std::io::Result<Option<PathBuf>>;
    /// What is at a path, links not followed; `None` if nothing.
    fn metadata(&self, path: &Path) -> std::io::Result<Option<FileInfo>>;
    /// Removes a file, a link or, with everything in it, a folder.
    fn remove(&self, path: &Path) -> std::io::Result<()>;
    /// Makes a folder and those above it. Tells which was the first that did not exist.
    fn create_dir(&self, path: &Path) -> std::io::Result<Option<PathBuf>>;
    /// Copies a file, or a folder with everything in it.
    fn copy(&self, from: &Path, to: &Path) -> std::io::Result<()>;
    /// Renames within one file system.
    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()>;
    /// The names in a folder, sorted.
    fn list(&self, path: &Path) -> std::io::Result<Vec<String>>;
    /// The path with links resolved.
    fn canonical(&self, path: &Path) -> std::io::Result<PathBuf>;
    /// A fresh private folder (mode 0700).
    fn scratch_dir(&self) -> std::io::Result<PathBuf>;
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// File, folder, link or other.
    pub kind: FileKind,
    /// In bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Last change of the content.
    pub modified: jiff::Timestamp,
}

/// The kinds of thing at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file
    File,
    /// A folder
    Dir,
    /// A symbolic link
    Link,
    /// A socket, a device, …
    Other,
}

/// A process to be started.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// The program and its arguments: at least one.
    pub argv: Vec<String>,
    /// It is a shell with a script.
    pub shell: bool,
    /// The script as it was written, without what is put before it: for messages and tests.
    pub script: Option<String>,
    /// The working directory; ours if `None`.
    pub dir: Option<PathBuf>,
    /// Set in addition to ours.
    pub env: BTreeMap<String, String>,
    /// Of ours, what it does not get.
    pub withheld: Vec<String>,
    /// What it reads; `None` is an empty input.
    pub stdin: Option<Arc<[u8]>>,
    /// How long it may take to end itself after SIGTERM before it is killed.
    pub grace: Duration,
    /// What it writes is a secret: it is kept in memory and nowhere else.
    pub is_secret: bool,
    /// The way to where it runs; here if it is empty. `dir` and `env` are then those of the program that leads there.
    pub on: Vec<Hop>,
    /// It ends with rbk, however that ends.
    pub dies_with_us: bool,
    /// The mark of what the far side says of itself, for a program that leads there.
    pub far: Option<Arc<str>>,
}

/// Which of its outputs a process wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output
    Stdout,
    /// Standard error
    Stderr,
}

/// How a process ended. Output beyond the bound is left out in the middle and said so.
#[derive(Clone, Debug)]
pub struct Exit {
    /// 0 to 255, or 128 + the signal that ended it.
    pub status: i32,
    /// What it wrote, bad UTF-8 replaced.
    pub stdout: String,
    /// Likewise.
    pub stderr: String,
    /// Where all of it is, secrets masked, if it was too long.
    pub all_stdout: Option<PathBuf>,
    /// Likewise.
    pub all_stderr: Option<PathBuf>,
    /// From start to exit.
    pub elapsed: Duration,
    /// Ended by us, because of the cancellation.
    pub cancelled: bool,
    /// A process that outlived it still held its output open; we did not wait for that one.
    pub output_held: bool,
    /// How many of its processes could not be ended after the cancellation.
    pub survivors: usize,
    /// Elsewhere: why nobody knows how it ended there, or whether it did.
    pub lost: Option<String>,
    /// Elsewhere: a shell without bash's `PIPESTATUS` ran it, to which an early-closed reader is a failure.
    pub plain_sh: bool,
}

/// Why a process did not run.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProcessError {
    /// No such program.
    #[error("`{0}` is not installed, or not on PATH")]
    NotFound(String),
    /// Anything else the system said.
    #[error("`{program}` could not be started: {reason}")]
    NotStarted {
        /// The program.
        program: String,
        /// The system's words.
        reason: String,
    },
    /// The place where it was to run was not reached: nothing of it ran.
    #[error("{place} cannot be reached: {reason}")]
    NotReached {
        /// The way there.
        place: String,
        /// What stood in it.
        reason: String,
        /// What to type.
        help: Option<String>,
    },
    /// It is a pipe, and there is no shell at that place to which a failure in the middle of one is a failure.
    #[error("this command has a pipe, and there is no bash on {place}")]
    NoBash {
        /// The way there.
        place: String,
    },
}

/// A process that outlived the rbk that had started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftRunning {
    /// Its number.
    pub pid: u32,
    /// Its command line.
    pub command: String,
}

/// A request.
#[derive(Clone, Debug, Default)]
pub struct HttpRequest {
    /// `GET`, …
    pub method: String,
    /// Absolute.
    pub url: String,
    /// In order.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<Arc<[u8]>>,
    /// For the connection to stand.
    pub connect_timeout: Option<Duration>,
    /// Largest answer taken, in bytes.
    pub max_body: u64,
    /// Accept any certificate.
    pub insecure: bool,
    /// Whom is trusted in place of those the system trusts: a file of certificates.
    pub ca: Option<PathBuf>,
    /// Files with our own certificate, and with the key to it.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// What servers set is kept for the run, and sent back to them.
    pub cookies: bool,
}

/// How long each part of a request took.
#[derive(Clone, Debug, Default)]
pub struct HttpTiming {
    /// 200, …
    pub status: u16,
    /// Who answered.
    pub address: String,
    /// To find that address.
    pub dns: Duration,
    /// For the connection to stand.
    pub connect: Duration,
    /// For TLS to stand; nothing without.
    pub tls: Duration,
    /// From the request to the first byte of the answer.
    pub first_byte: Duration,
    /// From the beginning to the last byte.
    pub total: Duration,
    /// Of the answer, its head included, in bytes.
    pub size: u64,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// 200, …
    pub status: u16,
    /// In order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// From sending to the last byte.
    pub elapsed: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct HttpError {
    /// In words, without query or credentials of the address.
    pub message: String,
    /// The request cannot have reached the server: nothing happened there.
    pub never_sent: bool,
    /// Ended by us, because of the cancellation.
    pub cancelled: bool,
}
