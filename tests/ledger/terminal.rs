//! A real terminal: rbk in a session of its own, at the far end of a pseudo-terminal.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// See the module.
pub struct Terminal {
    near: Option<File>,
    child: Child,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

/// The two ends: ours, and the program's.
fn pair() -> (OwnedFd, OwnedFd) {
    let (mut near, mut far) = (0, 0);
    let size = libc::winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: both numbers are written when it succeeds; what is null is not looked at.
    let made =
        unsafe { libc::openpty(&raw mut near, &raw mut far, std::ptr::null_mut(), std::ptr::null(), &raw const size) };
    assert_eq!(made, 0, "no pseudo-terminal");
    // SAFETY: they are open, and nobody else's.
    let pair = unsafe { (OwnedFd::from_raw_fd(near), OwnedFd::from_raw_fd(far)) };
    for end in [&pair.0, &pair.1] {
        rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC).unwrap();
    }
    pair
}

impl Terminal {
    /// Starts it there.
    pub fn start(command: Command) -> Self {
        Self::start_with(command, true)
    }

    /// The same, on an xterm or on whatever the command says.
    pub fn start_with(mut command: Command, is_xterm: bool) -> Self {
        let (near, far) = pair();
        let end = || Stdio::from(far.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end()).env_remove("CI");
        if is_xterm {
            command.env("TERM", "xterm");
        }
        // SAFETY: setsid and ioctl are async-signal-safe.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        drop((command, far));
        let shown: Arc<Mutex<Vec<u8>>> = Arc::default();
        let near = File::from(near);
        let reader = {
            let (mut near, shown) = (near.try_clone().unwrap(), Arc::clone(&shown));
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                loop {
                    // Looked at again, so that this end is really closed when it is closed.
                    let mut ready = libc::pollfd { fd: near.as_raw_fd(), events: libc::POLLIN, revents: 0 };
                    // SAFETY: one entry, and it is there.
                    let polled = unsafe { libc::poll(&raw mut ready, 1, 20) };
                    if Arc::strong_count(&shown) == 1 {
                        break;
                    }
                    if polled > 0 {
                        match near.read(&mut buffer) {
                            Ok(n) if n > 0 => shown.lock().unwrap().extend_from_slice(&buffer[..n]),
                            // The far end is closed everywhere.
                            _ => break,
                        }
                    }
                }
            })
        };
        Self { near: Some(near), child, shown, reader: Some(reader) }
    }

    /// All that was shown.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// The same without colours and the like.
    pub fn plain(&self) -> String {
        let shown = self.shown();
        let mut out = String::with_capacity(shown.len());
        let mut rest = shown.as_str();
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            out.push_str(before);
            rest = after.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
            rest = rest.get(1..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }

    /// The lines as they stand on the screen, as long as none is wider than that.
    pub fn lines(&self) -> Vec<String> {
        self.shown().split('\n').map(drawn).collect()
    }

    /// Waits until it shows this.
    pub fn until_shown(&self, words: &str) {
        self.until(words, || self.shown().contains(words));
    }

    /// How often the stepper has asked: a prompt is drawn anew for each key, and counts once.
    pub fn prompts(&self) -> usize {
        let shown = self.shown();
        let mut count = 0;
        let mut open = false;
        for line in shown.split_inclusive('\n') {
            let asks = line.contains("› ") || line.contains("> ");
            count += usize::from(asks && !open);
            // What is typed ends the line it is typed on.
            open = asks && !line.ends_with('\n');
        }
        count
    }

    /// Waits until the stepper has asked so many times.
    pub fn until_prompt(&self, count: usize) {
        self.until(&format!("asked {count} times"), || self.prompts() >= count);
    }

    /// The window has another size.
    pub fn resize(&self, rows: u16, columns: u16) {
        let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the size is read, and lives as long as the call.
        let done = unsafe { libc::ioctl(self.near.as_ref().unwrap().as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
        assert_eq!(done, 0);
    }

    /// Waits until something is so.
    pub fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < PATIENCE, "never {what}: {}", self.shown());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types it.
    pub fn types(&mut self, keys: &str) {
        self.near.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// The process, for signals.
    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// The window is closed, the connection lost.
    pub fn close(&mut self) {
        self.near = None;
        // The reader lets go of it too.
        let shown = self.shown.lock().unwrap().clone();
        self.shown = Arc::new(Mutex::new(shown));
        self.reader.take().unwrap().join().unwrap();
    }

    /// Waits for its end, and until all that it wrote was read.
    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            let read = self.reader.as_ref().is_none_or(JoinHandle::is_finished);
            if let Some(status) = self.child.try_wait().unwrap().filter(|_| read) {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end: {}", self.shown());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A line after all that was done to it: back to its beginning, to the right, and what stands there erased.
fn drawn(line: &str) -> String {
    let (mut cells, mut at) = (Vec::new(), 0);
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\r' {
            at = 0;
        } else if char == '\u{1b}' && chars.next_if_eq(&'[').is_some() {
            let mut count = String::new();
            while let Some(digit) = chars.next_if(|char| !char.is_ascii_alphabetic()) {
                count.push(digit);
            }
            match chars.next() {
                Some('C') => at += count.parse().unwrap_or(1),
                Some('K' | 'J') => cells.truncate(at),
                _ => {}
            }
        } else {
            cells.resize(cells.len().max(at + 1), ' ');
            cells[at] = char;
            at += 1;
        }
    }
    cells.into_iter().collect::<String>().trim_end().to_owned()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
