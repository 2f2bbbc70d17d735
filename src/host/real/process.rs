//! One process from its start to its end: its output read as it comes, everything it led to
//! ended when it is cancelled.
//!
//! A process that has ended is reaped last of all: until then its number, which is also that of
//! its group and session, cannot be given to another, and a signal cannot reach a stranger.

use std::future::pending;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, pidfd_open, waitid};
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;

use super::capture::Capture;
use super::pieces::Pieces;
use super::spawn::{Ends, start};
use super::spill::{Spill, Spills};
use super::survivors::{self, Family};
use super::talk::{Far, Talk};
use crate::host::{Cancel, Exit, Process, ProcessError, Stream};

/// How long an output that a process left open to another one is read after its end without a word.
const SILENCE: Duration = Duration::from_millis(200);
/// How long it is read at the most.
const LINGER: Duration = Duration::from_secs(1);
/// How long a killed process may take to be gone: one that waits for a dead disk never is.
const LAST: Duration = Duration::from_secs(2);
/// When the members of a cancelled process are looked for first; each time twice as late, up to the last.
const LOOK: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(160));
/// Read at once.
const PIECE: usize = 16 * 1024;

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
    spills: &Spills,
) -> Result<(Exit, Far), ProcessError> {
    let failed = |reason: String| ProcessError::NotStarted {
        program: process.argv.first().cloned().unwrap_or_default(),
        reason,
    };
    if cancel.is_cancelled() {
        return Err(failed("it was stopped before it began".to_owned()));
    }
    let mark = survivors::new_mark();
    let begun = Instant::now();
    let (ends, pipes) = open_pipes(process.stdin.is_some()).map_err(|error| failed(error.to_string()))?;
    survivors::reap_orphans_sometimes();
    let started = survivors::start(|| start(process, &mark, ends), |started| started.pid)?;
    let mut supervised = Supervised {
        family: Family { leader: started.pid, mark: &mark },
        shell: started.shell,
        pipes,
        input: process.stdin.clone(),
        written: 0,
        outputs: [Stream::Stdout, Stream::Stderr].map(|stream| Output::new(process, stream, spills)),
        turn: Stream::Stdout,
        status: None,
        cancelled: false,
        kill_at: None,
        killed_at: None,
        ended_at: None,
        far_ended_at: None,
        heard_at: begun,
        reaped: false,
    };
    let watched = match watch(started.pid) {
        Ok(ended) => supervised.supervise(&ended, process.grace, output, cancel, hurry).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &watched {
        // It runs, and cannot be watched: its end is not known then, and that is what is told.
        let said = format!("rbk could not watch over it, and ended it: {error}\n");
        supervised.outputs[1].keep(said.as_bytes());
        supervised.cancelled = true;
    }
    // What leads to a command that has ended elsewhere, and goes on all the same, is of no use any more.
    let ends = supervised.cancelled || supervised.ended_at.is_none();
    let survivors = if ends { supervised.end_all().await } else { 0 };
    supervised.drain(output);
    let held_there = ends && !supervised.cancelled;
    let output_held = held_there || supervised.pipes.stdout.is_some() || supervised.pipes.stderr.is_some();
    supervised.reap();
    let ended_at = supervised.far_ended_at.or(supervised.ended_at).unwrap_or_else(Instant::now);
    let (stdout, all_stdout) = supervised.outputs[0].take();
    let (stderr, all_stderr) = supervised.outputs[1].take();
    // Some programs say on their standard output why they did not get there: docker, a login shell that lets nobody in.
    let [stdout_of, stderr_of] = &mut supervised.outputs;
    let (aside, mut far) = (stdout_of.far().noise, stderr_of.far());
    far.noise.insert_str(0, &aside);
    let exit = Exit {
        status: supervised.status.unwrap_or(128 + Signal::KILL.as_raw()),
        stdout,
        stderr,
        all_stdout,
        all_stderr,
        elapsed: ended_at.duration_since(begun),
        cancelled: supervised.cancelled,
        output_held,
        survivors,
        lost: None,
        plain_sh: false,
    };
    Ok((exit, far))
}

fn watch(pid: Pid) -> io::Result<AsyncFd<OwnedFd>> {
    let pidfd = pidfd_open(pid, PidfdFlags::NONBLOCK)?;
    // SAFETY: the descriptor is owned by what is made here, and stays open and the same until that is dropped.
    unsafe { AsyncFd::register(pidfd) }.map_err(Into::into)
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

/// What is kept of one of the two, and handed on.
struct Output<'a> {
    capture: Capture,
    pieces: Pieces,
    spill: Option<Spill>,
    talk: Option<Talk>,
    program: &'a str,
    stream: Stream,
    is_secret: bool,
    spills: &'a Spills,
}

impl<'a> Output<'a> {
    fn new(process: &'a Process, stream: Stream, spills: &'a Spills) -> Self {
        let program = process.argv.first().map_or("", String::as_str);
        let is_secret = process.is_secret;
        let talk = process.far.as_deref().map(Talk::new);
        let (capture, pieces) = (Capture::default(), Pieces::default());
        Self { capture, pieces, spill: None, talk, program, stream, is_secret, spills }
    }

    /// Takes what was read, and hands on what of it is the command's own.
    fn take_in(&mut self, bytes: &[u8], output: impl FnMut(&[u8])) {
        let Some(mut talk) = self.talk.take() else { return self.own(bytes, output) };
        self.own(talk.push(bytes), output);
        self.talk = Some(talk);
    }

    fn own(&mut self, bytes: &[u8], mut output: impl FnMut(&[u8])) {
        if !bytes.is_empty() {
            self.keep(bytes);
            self.pieces.push(bytes, &mut output);
        }
    }

    /// Nothing more comes.
    fn end(&mut self, mut output: impl FnMut(&[u8])) {
        if let Some(mut talk) = self.talk.take() {
            self.own(talk.finish(), &mut output);
            self.talk = Some(talk);
        }
        self.pieces.end(output);
    }

    /// Whether the command has said its last word.
    fn is_over(&self) -> bool {
        self.talk.as_ref().is_some_and(Talk::is_over)
    }

    fn far(&mut self) -> Far {
        self.talk.as_mut().map(Talk::far).unwrap_or_default()
    }

    fn keep(&mut self, bytes: &[u8]) {
        // From the first byte that will not stay in memory, all of them go to the file.
        if !self.is_secret && !self.capture.has_lost() && self.capture.loses(bytes.len()) {
            self.spill = self.spills.begin(self.program, self.stream);
            if let Some(spill) = &mut self.spill {
                self.capture.parts().into_iter().for_each(|part| spill.push(self.spills, part));
            }
        }
        if let Some(spill) = &mut self.spill {
            spill.push(self.spills, bytes);
        }
        self.capture.push(bytes);
    }

    fn take(&mut self) -> (String, Option<std::path::PathBuf>) {
        let path = self.spill.take().map(|spill| spill.end(self.spills));
        (std::mem::take(&mut self.capture).into_text(), path)
    }
}

struct Supervised<'a> {
    family: Family<'a>,
    /// The shell's handle, which must be waited on.
    shell: Option<duct::Handle>,
    pipes: Pipes,
    input: Option<Arc<[u8]>>,
    written: usize,
    /// Standard output and standard error.
    outputs: [Output<'a>; 2],
    /// Which of the two is read first, so that neither waits for ever on the other.
    turn: Stream,
    status: Option<i32>,
    cancelled: bool,
    kill_at: Option<Instant>,
    killed_at: Option<Instant>,
    ended_at: Option<Instant>,
    /// When the far side said that the command had ended there.
    far_ended_at: Option<Instant>,
    heard_at: Instant,
    reaped: bool,
}

impl Supervised<'_> {
    async fn supervise(
        &mut self,
        ended: &AsyncFd<OwnedFd>,
        grace: Duration,
        output: &dyn Fn(Stream, &[u8]),
        cancel: &Cancel,
        hurry: &Cancel,
    ) -> io::Result<()> {
        let mut buffer = vec![0; PIECE];
        let mut look_every = LOOK.0;
        let mut look_at = None;
        loop {
            if self.ended_at.is_some() {
                if !self.cancelled && self.pipes.stdout.is_none() && self.pipes.stderr.is_none() {
                    return Ok(());
                }
                look_at = look_at.or_else(|| self.cancelled.then(|| Instant::now() + look_every));
            }
            // What is always ready stands last: endless output must not keep a deadline from its turn.
            tokio::select! {
                biased;
                () = cancel.cancelled(), if !self.cancelled => {
                    self.cancelled = true;
                    self.kill_at = Some(Instant::now() + grace);
                    self.family.signal(Signal::TERM);
                }
                () = hurry.cancelled(), if self.kill_at.is_some() => self.kill(),
                () = until(self.kill_at) => self.kill(),
                () = until(look_at) => {
                    look_at = None;
                    look_every = (look_every * 2).min(LOOK.1);
                    if self.family.count() == 0 {
                        return Ok(());
                    }
                }
                () = until(self.give_up_at()) => return Ok(()),
                gone = ended.readable(), if self.ended_at.is_none() => {
                    let mut gone = gone?;
                    match ending(ended)? {
                        Some(status) => {
                            self.status = Some(status);
                            self.ended_at = Some(Instant::now());
                            self.pipes.stdin = None;
                        }
                        None => gone.clear_ready(),
                    }
                }
                ready = writable(self.pipes.stdin.as_ref()) => {
                    if ready.is_err() || !self.write() {
                        self.pipes.stdin = None;
                    }
                }
                stream = readable(&self.pipes, self.turn) => {
                    self.read(stream, &mut buffer, output);
                    self.turn = match stream {
                        Stream::Stdout => Stream::Stderr,
                        Stream::Stderr => Stream::Stdout,
                    };
                    // Endless output must not keep the rest of the run, Ctrl-C included, from its turn either.
                    tokio::task::coop::consume_budget().await;
                }
            }
        }
    }

    fn kill(&mut self) {
        self.kill_at = None;
        self.killed_at = Some(Instant::now());
        self.family.signal(Signal::KILL);
    }

    /// From when on nothing more is waited for.
    fn give_up_at(&self) -> Option<Instant> {
        if self.cancelled {
            return self.killed_at.map(|at| at + LAST);
        }
        self.ended_at.or(self.far_ended_at).map(|at| (self.heard_at.max(at) + SILENCE).min(at + LINGER))
    }

    /// Ends what the cancelled process led to, until nothing of it is alive. Returns how many would not go.
    async fn end_all(&mut self) -> usize {
        let give_up = Instant::now() + LAST;
        let mut pause = Duration::from_millis(1);
        loop {
            let members = self.family.count();
            if members == 0 || Instant::now() >= give_up {
                survivors::reap_orphans();
                return members;
            }
            self.family.signal(Signal::KILL);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LOOK.1);
        }
    }

    /// Writes what fits. `false` when nothing more is to be written: all of it is, or nobody wants it.
    fn write(&mut self) -> bool {
        let (Some(pipe), Some(input)) = (&self.pipes.stdin, &self.input) else { return false };
        let rest = &input[self.written..];
        if rest.is_empty() {
            return false;
        }
        match pipe.try_write(rest) {
            Ok(n) => self.written += n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(_) => return false,
        }
        self.written < input.len()
    }

    /// Reads what is there now. `false` when nothing is.
    fn read(&mut self, stream: Stream, buffer: &mut [u8], output: &dyn Fn(Stream, &[u8])) -> bool {
        let [stdout, stderr] = &mut self.outputs;
        let (pipe, taken) = match stream {
            Stream::Stdout => (&mut self.pipes.stdout, stdout),
            Stream::Stderr => (&mut self.pipes.stderr, stderr),
        };
        let Some(open) = pipe else { return false };
        match open.try_read(buffer) {
            Ok(n) if n > 0 => {
                self.heard_at = Instant::now();
                taken.take_in(&buffer[..n], |bytes| output(stream, bytes));
                if self.far_ended_at.is_none() && self.outputs.iter().all(Output::is_over) {
                    self.far_ended_at = Some(self.heard_at);
                }
                true
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Ok(_) | Err(_) => {
                *pipe = None;
                taken.end(|bytes| output(stream, bytes));
                false
            }
        }
    }

    /// Takes what the pipes still hold. A pipe holds 1 MiB at the most; a writer that goes on is not read for ever.
    fn drain(&mut self, output: &dyn Fn(Stream, &[u8])) {
        let mut buffer = [0; PIECE];
        for stream in [Stream::Stdout, Stream::Stderr] {
            let most = 1024 * 1024 / PIECE;
            (0..most).take_while(|_| self.read(stream, &mut buffer, output)).for_each(drop);
        }
        let [stdout, stderr] = &mut self.outputs;
        stdout.end(|bytes| output(Stream::Stdout, bytes));
        stderr.end(|bytes| output(Stream::Stderr, bytes));
    }

    /// From here on the numbers of the process may mean others.
    fn reap(&mut self) {
        self.reaped = true;
        if let Some(shell) = &self.shell {
            // Its handle waits for it, so that it does not do so later and find another.
            let _ = shell.try_wait();
        }
        survivors::reap(self.family.leader);
    }
}

impl Drop for Supervised<'_> {
    /// Work is waited for, not dropped; if it is all the same, nothing of it may live on unseen.
    fn drop(&mut self) {
        if !self.reaped {
            self.family.signal(Signal::KILL);
            self.reap();
        }
    }
}

/// The ending, if it has come, as the shell counts it. The process is left to be reaped.
fn ending(ended: &AsyncFd<OwnedFd>) -> io::Result<Option<i32>> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let status = waitid(WaitId::PidFd(ended.get_ref().as_fd()), options)?;
    Ok(status.as_ref().map(shell_status))
}

fn shell_status(status: &WaitIdStatus) -> i32 {
    let by_signal = status.terminating_signal().map(|signal| 128 + signal);
    status.exit_status().or(by_signal).unwrap_or(128 + Signal::KILL.as_raw())
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => pending().await,
    }
}

async fn writable(pipe: Option<&pipe::Sender>) -> io::Result<()> {
    match pipe {
        Some(pipe) => pipe.writable().await,
        None => pending().await,
    }
}

/// Which of the two has something to read, or has ended.
async fn readable(pipes: &Pipes, first: Stream) -> Stream {
    let ready = |stream| {
        let pipe = match stream {
            Stream::Stdout => pipes.stdout.as_ref(),
            Stream::Stderr => pipes.stderr.as_ref(),
        };
        async move {
            match pipe {
                // An error is met again, and handled, by the reading.
                Some(pipe) => drop(pipe.readable().await),
                None => pending().await,
            }
        }
    };
    let second = match first {
        Stream::Stdout => Stream::Stderr,
        Stream::Stderr => Stream::Stdout,
    };
    tokio::select! {
        biased;
        () = ready(first) => first,
        () = ready(second) => second,
    }
}
