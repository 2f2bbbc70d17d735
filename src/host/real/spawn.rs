//! Starting processes, each in a session of its own.
//!
//! A program is started by `posix_spawn`, which copies no page tables, however large rbk has
//! become (1,000 × /bin/true: 0.8 s, against 0.95 s by fork and setsid). A shell script goes
//! through duct.

use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::process::Pid;

use super::survivors::{MARK, value_of};
use crate::host::{Process, ProcessError};

/// glibc's flag, since 2.26; the libc crate does not name it for every target.
const POSIX_SPAWN_SETSID: libc::c_short = 0x80;

/// A process that was started.
pub(super) struct Started {
    pub(super) pid: Pid,
    /// The shell's handle, which must be waited on.
    pub(super) shell: Option<duct::Handle>,
}

/// Its ends of the pipes.
pub(super) struct Ends {
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// A program by its name, as the shell looks it up.
pub(super) fn find_program(name: &str, path: Option<&OsStr>, dir: &Path) -> Option<PathBuf> {
    let runnable = |path: &Path| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    if name.contains('/') {
        let path = dir.join(name);
        return runnable(&path).then_some(path);
    }
    let path = path.unwrap_or(OsStr::new("/usr/local/bin:/usr/bin:/bin"));
    std::env::split_paths(path).map(|folder| folder.join(name)).find(|path| runnable(path))
}

pub(super) fn start(process: &Process, mark: &str, ends: Ends) -> Result<Started, ProcessError> {
    if process.shell || process.dies_with_us {
        start_shell(process, mark, ends)
    } else {
        start_program(process, mark, &ends)
    }
}

fn not_started(process: &Process, reason: impl std::fmt::Display) -> ProcessError {
    let program = process.argv.first().cloned().unwrap_or_default();
    ProcessError::NotStarted { program, reason: reason.to_string() }
}

fn start_shell(process: &Process, mark: &str, ends: Ends) -> Result<Started, ProcessError> {
    let dies_with_us = process.dies_with_us;
    let [program, args @ ..] = process.argv.as_slice() else { return Err(not_started(process, "it is empty")) };
    let mut command = duct::cmd(program, args)
        .stdin_file(std::fs::File::from(ends.stdin))
        .stdout_file(std::fs::File::from(ends.stdout))
        .stderr_file(std::fs::File::from(ends.stderr))
        .env(MARK, value_of(mark))
        .unchecked()
        .before_spawn(move |command| {
            // SAFETY: setsid, signal and prctl are async-signal-safe and touch no memory of ours.
            unsafe {
                command.pre_exec(move || {
                    libc::setsid();
                    libc::signal(libc::SIGPIPE, libc::SIG_DFL);
                    if dies_with_us {
                        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
                    }
                    Ok(())
                });
            }
            Ok(())
        });
    for name in &process.withheld {
        command = command.env_remove(name);
    }
    for (name, value) in &process.env {
        command = command.env(name, value);
    }
    if let Some(dir) = &process.dir {
        command = command.dir(dir);
    }
    let handle = command.start().map_err(|error| start_error(process, &error))?;
    let pid = handle.pids().first().copied().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let pid = pid.ok_or_else(|| not_started(process, "it has no process id"))?;
    Ok(Started { pid, shell: Some(handle) })
}

fn start_error(process: &Process, error: &std::io::Error) -> ProcessError {
    if let Some(dir) = process.dir.as_ref().filter(|dir| !dir.is_dir()) {
        return not_started(process, format!("the folder {} is not there", dir.display()));
    }
    match error.kind() {
        std::io::ErrorKind::NotFound => ProcessError::NotFound(process.argv.first().cloned().unwrap_or_default()),
        _ => not_started(process, error),
    }
}

/// Our environment, read once: a run starts many processes.
fn inherited() -> &'static [(Vec<u8>, CString)] {
    static INHERITED: OnceLock<Vec<(Vec<u8>, CString)>> = OnceLock::new();
    INHERITED.get_or_init(|| {
        let entry = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            let mut text = name.as_bytes().to_vec();
            text.push(b'=');
            text.extend_from_slice(value.as_bytes());
            Some((name.as_bytes().to_vec(), CString::new(text).ok()?))
        };
        std::env::vars_os().filter_map(entry).collect()
    })
}

fn start_program(process: &Process, mark: &str, ends: &Ends) -> Result<Started, ProcessError> {
    let Some(name) = process.argv.first() else { return Err(not_started(process, "it is empty")) };
    let own_path = process.env.get("PATH").map(|path| std::ffi::OsString::from(path.as_str()));
    let path = own_path.or_else(|| std::env::var_os("PATH"));
    let dir = process.dir.clone().unwrap_or_default();
    if !dir.as_os_str().is_empty() && !dir.is_dir() {
        return Err(not_started(process, format!("the folder {} is not there", dir.display())));
    }
    let Some(mut program) = find_program(name, path.as_deref(), &dir) else {
        return Err(if name.contains('/') && dir.join(name).exists() {
            not_started(process, "it is not executable (chmod +x)")
        } else {
            ProcessError::NotFound(name.clone())
        });
    };
    if program.is_relative() && !dir.as_os_str().is_empty() {
        program = std::path::absolute(&program).unwrap_or(program);
    }
    let text = |bytes: &[u8]| CString::new(bytes).map_err(|_| not_started(process, "an argument holds a NUL byte"));
    let program = text(program.as_os_str().as_bytes())?;
    let argv = process.argv.iter().map(|arg| text(arg.as_bytes())).collect::<Result<Vec<_>, _>>()?;
    let own = process.env.iter().map(|(name, value)| text(format!("{name}={value}").as_bytes()));
    let mut own = own.collect::<Result<Vec<_>, _>>()?;
    own.push(text(format!("{MARK}={}", value_of(mark)).as_bytes())?);
    let replaced = |name: &[u8]| {
        let mut others = process.env.keys().chain(&process.withheld);
        name == MARK.as_bytes() || others.any(|other| other.as_bytes() == name)
    };
    let kept = inherited().iter().filter(|(name, _)| !replaced(name)).map(|(_, entry)| entry);
    let env: Vec<*mut libc::c_char> = pointers(kept.chain(&own));
    let argv: Vec<*mut libc::c_char> = pointers(&argv);
    let dir = (!dir.as_os_str().is_empty()).then(|| text(dir.as_os_str().as_bytes())).transpose()?;

    let fds = [ends.stdin.as_raw_fd(), ends.stdout.as_raw_fd(), ends.stderr.as_raw_fd()];
    let pid = match spawn(&program, &argv, &env, fds, dir.as_deref()) {
        // A script without a first line that names its interpreter: the shell's, as execvp has it.
        Err(error) if error.raw_os_error() == Some(libc::ENOEXEC) => {
            let given = process.argv.iter().skip(1).map(|arg| text(arg.as_bytes()));
            let args = [Ok(c"sh".to_owned()), Ok(program.clone())].into_iter().chain(given);
            let args = args.collect::<Result<Vec<_>, _>>()?;
            spawn(c"/bin/sh", &pointers(&args), &env, fds, dir.as_deref())
        }
        result => result,
    };
    let pid = pid.map_err(|error| start_error(process, &error))?;
    let pid = Pid::from_raw(pid).ok_or_else(|| not_started(process, "it has no process id"))?;
    Ok(Started { pid, shell: None })
}

fn pointers<'a>(texts: impl IntoIterator<Item = &'a CString>) -> Vec<*mut libc::c_char> {
    let texts = texts.into_iter().map(|text| text.as_ptr().cast_mut());
    texts.chain(std::iter::once(std::ptr::null_mut())).collect()
}

fn spawn(
    program: &CStr,
    argv: &[*mut libc::c_char],
    env: &[*mut libc::c_char],
    fds: [RawFd; 3],
    dir: Option<&CStr>,
) -> std::io::Result<i32> {
    let check = |code: libc::c_int| if code == 0 { Ok(()) } else { Err(std::io::Error::from_raw_os_error(code)) };
    let mut pid: libc::pid_t = 0;
    // SAFETY: both structures are initialised before any other use and destroyed after the last;
    // every pointer handed over outlives the call, and the two lists end with a null.
    unsafe {
        let mut actions = std::mem::MaybeUninit::<libc::posix_spawn_file_actions_t>::uninit();
        check(libc::posix_spawn_file_actions_init(actions.as_mut_ptr()))?;
        let mut attributes = std::mem::MaybeUninit::<libc::posix_spawnattr_t>::uninit();
        let mut result = check(libc::posix_spawnattr_init(attributes.as_mut_ptr()));
        for (to, from) in (0..).zip(fds) {
            result =
                result.and_then(|()| check(libc::posix_spawn_file_actions_adddup2(actions.as_mut_ptr(), from, to)));
        }
        if let Some(dir) = dir {
            result = result
                .and_then(|()| check(libc::posix_spawn_file_actions_addchdir_np(actions.as_mut_ptr(), dir.as_ptr())));
        }
        let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigemptyset(none.as_mut_ptr());
        let mut pipe = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigemptyset(pipe.as_mut_ptr());
        libc::sigaddset(pipe.as_mut_ptr(), libc::SIGPIPE);
        #[allow(clippy::cast_possible_truncation)]
        let flags = POSIX_SPAWN_SETSID
            | libc::POSIX_SPAWN_SETSIGMASK as libc::c_short
            | libc::POSIX_SPAWN_SETSIGDEF as libc::c_short;
        result = result
            .and_then(|()| check(libc::posix_spawnattr_setsigmask(attributes.as_mut_ptr(), none.as_ptr())))
            .and_then(|()| check(libc::posix_spawnattr_setsigdefault(attributes.as_mut_ptr(), pipe.as_ptr())))
            .and_then(|()| check(libc::posix_spawnattr_setflags(attributes.as_mut_ptr(), flags)))
            .and_then(|()| {
                check(libc::posix_spawn(
                    &raw mut pid,
                    program.as_ptr(),
                    actions.as_ptr(),
                    attributes.as_ptr(),
                    argv.as_ptr(),
                    env.as_ptr(),
                ))
            });
        libc::posix_spawnattr_destroy(attributes.as_mut_ptr());
        libc::posix_spawn_file_actions_destroy(actions.as_mut_ptr());
        result?;
    }
    Ok(pid)
}
