//! One process from its start to its end: its output read as it comes, its whole session ended
//! when it is cancelled.

use std::future::pending;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, waitid};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;

use super::capture::Capture;
use super::spawn::{Ends, Started, start};
use super::survivors;
use crate::host::{Cancel, Exit, Process, ProcessError, Stream};

/// How long an output that a process left open to another one is read after its end without a word.
const SILENCE: Duration = Duration::from_millis(200);
/// How long it is read at the most.
const LINGER: Duration = Duration::from_secs(1);

struct Pipes {
    stdin: Option<pipe::Sender>,
    stdout: Option<pipe::Receiver>,
    stderr: Option<pipe::Receiver>,
}

pub(super) async fn run(
    process: &Process,
    output: &dyn Fn(Stream, &[u8]),
    cancel: &Cancel,
    hurry: &Cancel,
) -> Result<Exit, ProcessError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mark = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let begun = Instant::now();
    let failed = |error: io::Error| ProcessError::NotStarted {
        program: process.argv.first().cloned().unwrap_or_default(),
        reason: error.to_string(),
    };
    let (ends, pipes) = open_pipes(process.stdin.is_some()).map_err(failed)?;
    let started = start(process, &mark, ends)?;
    let pidfd = pidfd(started.pid).map_err(failed)?;
    // SAFETY: the descriptor is owned by what is made here, and stays open and the same until that is dropped.
    let ended = unsafe { AsyncFd::register(pidfd) }.map_err(|error| failed(error.into()))?;
    let mut supervised = Supervised {
        pid: Pid::from_raw(started.pid),
        started,
        pipes,
        input: process.stdin.clone(),
        written: 0,
        stdout: Capture::default(),
        stderr: Capture::default(),
        status: None,
        cancelled: false,
        kill_at: None,
        ended_at: None,
        heard_at: begun,
    };
    supervised.supervise(&ended, process.grace, output, cancel, hurry).await.map_err(failed)?;
    let output_held = supervised.pipes.stdout.is_some() || supervised.pipes.stderr.is_some();
    if supervised.cancelled {
        supervised.signal(Signal::KILL);
        survivors::end(&mark).await;
    }
    Ok(Exit {
        status: supervised.status.unwrap_or(-1),
        stdout: supervised.stdout.into_text(),
        stderr: supervised.stderr.into_text(),
        elapsed: begun.elapsed(),
        cancelled: supervised.cancelled,
        output_held,
        survivors: 0,
    })
}

fn pidfd(pid: i32) -> io::Result<OwnedFd> {
    let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::other("no process"))?;
    Ok(pidfd_open(pid, PidfdFlags::NONBLOCK)?)
}

fn open_pipes(with_input: bool) -> io::Result<(Ends, Pipes)> {
    let pipe = || rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC);
    let (stdout_read, stdout) = pipe()?;
    let (stderr_read, stderr) = pipe()?;
    let (stdin, stdin_write) = if with_input {
        let (read, write) = pipe()?;
        (read, Some(pipe::Sender::from_owned_fd(write)?))
    } else {
        (OwnedFd::from(std::fs::File::open("/dev/null")?), None)
    };
    let pipes = Pipes {
        stdin: stdin_write,
        stdout: Some(pipe::Receiver::from_owned_fd(stdout_read)?),
        stderr: Some(pipe::Receiver::from_owned_fd(stderr_read)?),
    };
    Ok((Ends { stdin, stdout, stderr }, pipes))
}

struct Supervised {
    pid: Option<Pid>,
    started: Started,
    pipes: Pipes,
    input: Option<Arc<[u8]>>,
    written: usize,
    stdout: Capture,
    stderr: Capture,
    status: Option<i32>,
    cancelled: bool,
    kill_at: Option<Instant>,
    ended_at: Option<Instant>,
    heard_at: Instant,
}

impl Supervised {
    async fn supervise(
        &mut self,
        ended: &AsyncFd<OwnedFd>,
        grace: Duration,
        output: &dyn Fn(Stream, &[u8]),
        cancel: &Cancel,
        hurry: &Cancel,
    ) -> io::Result<()> {
        let mut out = vec![0; 16 * 1024];
        let mut err = vec![0; 16 * 1024];
        loop {
            if self.ended_at.is_some() && self.pipes.stdout.is_none() && self.pipes.stderr.is_none() {
                return Ok(());
            }
            let give_up = self.ended_at.map(|at| (self.heard_at.max(at) + SILENCE).min(at + LINGER));
            tokio::select! {
                biased;
                () = cancel.cancelled(), if !self.cancelled => {
                    self.cancelled = true;
                    self.kill_at = Some(Instant::now() + grace);
                    self.signal(Signal::TERM);
                }
                () = hurry.cancelled(), if self.cancelled && self.kill_at.is_some() => {
                    self.kill_at = None;
                    self.signal(Signal::KILL);
                }
                read = read(&mut self.pipes.stdout, &mut out) => {
                    self.take(Stream::Stdout, read, &out, output);
                }
                read = read(&mut self.pipes.stderr, &mut err) => {
                    self.take(Stream::Stderr, read, &err, output);
                }
                gone = ended.readable(), if self.ended_at.is_none() => {
                    let mut gone = gone?;
                    match self.reap(ended)? {
                        Some(status) => {
                            self.status = Some(status);
                            self.ended_at = Some(Instant::now());
                            self.pipes.stdin = None;
                        }
                        None => gone.clear_ready(),
                    }
                }
                wrote = write(&mut self.pipes.stdin, self.input.as_deref(), self.written) => {
                    // A process that does not want its input has simply closed it.
                    match wrote {
                        Ok(n) => self.written += n,
                        Err(_) => self.pipes.stdin = None,
                    }
                    if self.input.as_ref().is_some_and(|input| self.written >= input.len()) {
                        self.pipes.stdin = None;
                    }
                }
                () = until(self.kill_at) => {
                    self.kill_at = None;
                    self.signal(Signal::KILL);
                }
                () = until(give_up) => return Ok(()),
            }
        }
    }

    fn take(&mut self, stream: Stream, read: io::Result<usize>, buffer: &[u8], output: &dyn Fn(Stream, &[u8])) {
        let n = read.unwrap_or(0);
        let (pipe, capture) = match stream {
            Stream::Stdout => (&mut self.pipes.stdout, &mut self.stdout),
            Stream::Stderr => (&mut self.pipes.stderr, &mut self.stderr),
        };
        if n == 0 {
            *pipe = None;
            return;
        }
        self.heard_at = Instant::now();
        capture.push(&buffer[..n]);
        output(stream, &buffer[..n]);
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid {
            // The whole group, also when its leader is gone.
            let _ = kill_process_group(pid, signal);
        }
    }

    fn reap(&self, ended: &AsyncFd<OwnedFd>) -> io::Result<Option<i32>> {
        if let Some(shell) = &self.started.shell {
            let output = shell.try_wait()?;
            return Ok(output.map(|output| status_of(output.status)));
        }
        use std::os::fd::AsFd;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let status = waitid(WaitId::PidFd(ended.get_ref().as_fd()), options)?;
        Ok(status.map(|status| {
            let by_signal = status.terminating_signal().map(|signal| 128 + signal);
            status.exit_status().or(by_signal).unwrap_or(-1)
        }))
    }
}

fn status_of(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => pending().await,
    }
}

async fn read(pipe: &mut Option<pipe::Receiver>, buffer: &mut [u8]) -> io::Result<usize> {
    match pipe {
        Some(pipe) => pipe.read(buffer).await,
        None => pending().await,
    }
}

async fn write(pipe: &mut Option<pipe::Sender>, input: Option<&[u8]>, written: usize) -> io::Result<usize> {
    match (pipe, input) {
        (Some(pipe), Some(input)) if written < input.len() => {
            pipe.write(&input[written..(written + 64 * 1024).min(input.len())]).await
        }
        (Some(_), _) => Ok(0),
        (None, _) => pending().await,
    }
}
