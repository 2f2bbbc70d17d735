//! Scripted commands.

use std::time::Duration;

use crate::host::{Cancel, Exit, Process, Stream};

/// How a scripted command ends.
#[derive(Clone, Debug, Default)]
pub struct CommandReply {
    stdout: String,
    stderr: String,
    status: i32,
    after: Duration,
    hangs: bool,
    ignores_term: bool,
}

impl CommandReply {
    /// It writes this and exits with 0.
    pub fn ok(stdout: impl Into<String>) -> Self {
        Self { stdout: stdout.into(), ..Self::default() }
    }

    /// It writes this to its standard error and exits with `status`.
    pub fn failed(status: i32, stderr: impl Into<String>) -> Self {
        Self { status, stderr: stderr.into(), ..Self::default() }
    }

    /// It runs until it is cancelled.
    pub fn hangs() -> Self {
        Self { hangs: true, ..Self::default() }
    }

    /// It writes this to its standard output as well.
    #[must_use]
    pub fn stdout(mut self, text: impl Into<String>) -> Self {
        self.stdout = text.into();
        self
    }

    /// It writes this to its standard error as well.
    #[must_use]
    pub fn stderr(mut self, text: impl Into<String>) -> Self {
        self.stderr = text.into();
        self
    }

    /// It takes this long.
    #[must_use]
    pub fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }

    /// When cancelled it lasts until its grace is over and it is killed.
    #[must_use]
    pub fn ignoring_term(mut self) -> Self {
        self.ignores_term = true;
        self
    }
}

/// What a pattern is compared with: a script as it was written, or the words of a program joined by blanks.
pub fn line_of(process: &Process) -> String {
    match &process.script {
        Some(script) => script.clone(),
        None => process.argv.join(" "),
    }
}

pub(super) async fn play(
    reply: CommandReply,
    process: &Process,
    output: &dyn Fn(Stream, &[u8]),
    cancel: &Cancel,
) -> Exit {
    let begun = tokio::time::Instant::now();
    let ends = async {
        if reply.hangs {
            std::future::pending::<()>().await;
        }
        if !reply.after.is_zero() {
            tokio::time::sleep(reply.after).await;
        }
    };
    for (stream, text) in [(Stream::Stdout, &reply.stdout), (Stream::Stderr, &reply.stderr)] {
        if !text.is_empty() {
            output(stream, text.as_bytes());
        }
    }
    let cancelled = tokio::select! {
        biased;
        () = ends => false,
        () = cancel.cancelled() => true,
    };
    let status = match (cancelled, reply.ignores_term) {
        (false, _) => reply.status,
        (true, false) => 128 + 15,
        (true, true) => {
            tokio::time::sleep(process.grace).await;
            128 + 9
        }
    };
    Exit {
        status,
        stdout: reply.stdout,
        stderr: reply.stderr,
        all_stdout: None,
        all_stderr: None,
        elapsed: begun.elapsed(),
        cancelled,
        output_held: false,
        survivors: 0,
        lost: None,
        plain_sh: false,
    }
}
