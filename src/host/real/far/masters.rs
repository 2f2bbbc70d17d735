//! Connections of ssh that commands share: one for each destination, and another when that one is full.
//!
//! The connection is an `ssh -M -N` of its own, started before the first command and not by it: so a command that is
//! cancelled does not take it along, its errors are those of connecting and nothing else, and no output is held open.
//! It ends with the run, and with rbk, however that ends (`PR_SET_PDEATHSIG`).

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use super::super::process;
use super::super::spill::Spills;
use super::client::ssh_settings;
use crate::host::target::Ssh;
use crate::host::{Cancel, Process, ProcessError};

/// sshd takes ten sessions of a connection (`MaxSessions` of `sshd_config(5)`); two are left for ending what runs.
const SESSIONS: usize = 8;
/// For the connection to stand, once the machine has answered.
const CONNECTED_WITHIN: Duration = Duration::from_secs(60);
/// Between two looks whether it stands; each time twice as long, up to the last.
const LOOK: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(40));

/// See the module.
#[derive(Default)]
pub(in super::super) struct Masters {
    folder: RefCell<Weak<tempfile::TempDir>>,
    open: RefCell<Vec<Rc<Master>>>,
    count: Cell<usize>,
}

struct Master {
    ssh: Ssh,
    control: PathBuf,
    sessions: Cell<usize>,
    /// What it said when it ended.
    ended: RefCell<Option<Result<String, ProcessError>>>,
}

/// A place in a connection.
pub(super) struct Session(Rc<Master>);

impl Drop for Session {
    fn drop(&mut self) {
        self.0.sessions.set(self.0.sessions.get().saturating_sub(1));
    }
}

impl Session {
    pub(super) fn control(&self) -> &std::path::Path {
        &self.0.control
    }
}

/// Why there is no connection.
pub(super) enum NoSession {
    /// ssh did not start.
    NotStarted(ProcessError),
    /// What ssh said.
    Said(String),
}

impl Masters {
    /// A connection with room in it, new if need be. `around` has the environment in which ssh runs.
    pub(super) async fn session(&self, ssh: &Ssh, around: &Process) -> Result<Session, NoSession> {
        let known = self.with_room(ssh);
        let master = match known {
            Some(master) => master,
            None => self.begin(ssh, around)?,
        };
        master.sessions.set(master.sessions.get() + 1);
        let session = Session(master);
        session.0.ready().await?;
        Ok(session)
    }

    fn with_room(&self, ssh: &Ssh) -> Option<Rc<Master>> {
        let mut open = self.open.borrow_mut();
        open.retain(|master| master.ended.borrow().is_none());
        open.iter().find(|master| master.ssh == *ssh && master.sessions.get() < SESSIONS).cloned()
    }

    fn begin(&self, ssh: &Ssh, around: &Process) -> Result<Rc<Master>, NoSession> {
        let said = |error: std::io::Error| NoSession::Said(format!("there is no folder for its socket: {error}"));
        let folder = self.folder().map_err(said)?;
        self.count.set(self.count.get() + 1);
        let control = folder.path().join(self.count.get().to_string());
        let mut argv = ["ssh", "-M", "-N", "-o", "ControlMaster=yes", "-o"].map(str::to_owned).to_vec();
        argv.push(format!("ControlPath={}", control.display()));
        argv.extend(ssh_settings(ssh));
        argv.extend(["--".to_owned(), ssh.destination.clone()]);
        let process = Process {
            argv,
            dies_with_us: true,
            dir: around.dir.clone(),
            env: around.env.clone(),
            withheld: around.withheld.clone(),
            ..Process::default()
        };
        let master = Rc::new(Master { ssh: ssh.clone(), control, sessions: Cell::new(0), ended: RefCell::default() });
        self.open.borrow_mut().push(Rc::clone(&master));
        let started = Rc::clone(&master);
        tokio::task::spawn_local(async move {
            let (never, spills) = (Cancel::new(), Spills::default());
            let exit = process::run(&process, &|_, _| {}, &never, &never, &spills).await;
            *started.ended.borrow_mut() = Some(exit.map(|(exit, _)| exit.stderr));
            // It holds the sockets of all: gone when the last connection is.
            drop(folder);
        });
        Ok(master)
    }

    /// Where the sockets are. Their paths must be short: 108 bytes at the most (unix(7)), of which ssh takes 17 itself.
    fn folder(&self) -> std::io::Result<Rc<tempfile::TempDir>> {
        if let Some(folder) = self.folder.borrow().upgrade() {
            return Ok(folder);
        }
        let mut folder = tempfile::Builder::new().prefix("rbk-ssh-").tempdir()?;
        if folder.path().as_os_str().len() > 70 {
            folder = tempfile::Builder::new().prefix("rbk-ssh-").tempdir_in("/tmp")?;
        }
        let folder = Rc::new(folder);
        *self.folder.borrow_mut() = Rc::downgrade(&folder);
        Ok(folder)
    }
}

impl Master {
    /// Waits until the connection stands: ssh makes its socket when somebody was let in.
    async fn ready(&self) -> Result<(), NoSession> {
        let begun = Instant::now();
        let mut pause = LOOK.0;
        loop {
            match &*self.ended.borrow() {
                Some(Ok(said)) => return Err(NoSession::Said(said.clone())),
                Some(Err(error)) => return Err(NoSession::NotStarted(error.clone())),
                None => {}
            }
            if self.control.exists() {
                return Ok(());
            }
            if begun.elapsed() > CONNECTED_WITHIN {
                let said = format!("Connection timed out: nobody was let in for {} s", CONNECTED_WITHIN.as_secs());
                return Err(NoSession::Said(said));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LOOK.1);
        }
    }
}
