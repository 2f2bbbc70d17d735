//! This machine.

mod archive;
mod capture;
mod certificate;
mod cookies;
mod dns;
mod far;
mod files;
mod http;
mod left;
mod mail;
mod pieces;
mod process;
mod proxy;
mod redis;
mod spawn;
mod spill;
mod sql;
mod starttls;
mod survivors;
mod talk;
mod timing;
mod tls;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{
    ArchiveEntry, ArchiveError, ArchiveWork, Cancel, DnsAnswer, DnsRequest, Exit, Files, Host, HttpError, HttpRequest,
    HttpResponse, HttpTiming, LeftRunning, LocalFuture, MailError, MailRequest, NetError, Process, ProcessError,
    RedisError, RedisRequest, RedisValue, SqlError, SqlRequest, SqlResult, Stream, TlsRequest, TlsShown,
};

/// Kills every process that this one has started and that has not ended, with all that it led to. For when rbk
/// itself cannot go on: nothing is waited for.
pub fn kill_all_started() {
    survivors::kill_all_started();
}

/// The real world. Make one per process: it becomes the parent of orphans, to be able to end them.
pub struct RealHost {
    begun: Instant,
    clients: http::Clients,
    databases: sql::Databases,
    redis: redis::Servers,
    files: files::RealFiles,
    spills: spill::Spills,
    masters: far::Masters,
    /// Ends every grace period at once.
    hurry: Cancel,
}

impl RealHost {
    /// Nothing is opened or started.
    pub fn new() -> Self {
        survivors::adopt_orphans();
        Self {
            begun: Instant::now(),
            clients: http::Clients::default(),
            databases: sql::Databases::default(),
            redis: redis::Servers::default(),
            files: files::RealFiles,
            spills: spill::Spills::default(),
            masters: far::Masters::default(),
            hurry: Cancel::new(),
        }
    }

    /// From here on an output that is too long for memory is kept in a file in this folder, without secrets.
    pub fn spill_into(&self, folder: PathBuf) {
        self.spills.write_into(folder);
    }

    const fn means(&self) -> far::Means<'_> {
        far::Means { masters: &self.masters, hurry: &self.hurry, spills: &self.spills }
    }

    /// From now on nothing is given time to end itself.
    pub fn hurry(&self) {
        self.hurry.cancel();
    }
}

impl Default for RealHost {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for RealHost {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.begun.elapsed()
    }

    fn sleep<'a>(&'a self, duration: Duration, cancel: &'a Cancel) -> LocalFuture<'a, ()> {
        Box::pin(async move {
            if duration.is_zero() {
                return tokio::task::yield_now().await;
            }
            tokio::select! {
                () = tokio::time::sleep(duration) => {}
                () = cancel.cancelled() => {}
            }
        })
    }

    fn env_var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn random(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        let mut filled = 0;
        while filled < bytes.len() {
            filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())?;
        }
        Ok(())
    }

    fn machine(&self) -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }

    fn actor(&self) -> String {
        let id = rustix::process::getuid().as_raw();
        let said = || {
            let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
            ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(set)
        };
        // Anybody can set a variable. Only root's are believed: sudo sets one, and root could be whoever it likes.
        let name = if id == 0 { said().or_else(|| login_name(id)) } else { login_name(id).or_else(said) };
        name.unwrap_or_else(|| format!("uid {id}"))
    }

    fn find_program(&self, name: &str) -> Option<PathBuf> {
        spawn::find_program(name, std::env::var_os("PATH").as_deref(), Path::new(""))
    }

    fn run_process<'a>(
        &'a self,
        process: &'a Process,
        output: &'a dyn Fn(Stream, &[u8]),
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Exit, ProcessError>> {
        Box::pin(async move {
            if process.on.is_empty() {
                let ended = process::run(process, output, cancel, &self.hurry, &self.spills).await;
                return ended.map(|(exit, _)| exit);
            }
            Box::pin(far::run(&self.means(), process, output, cancel)).await
        })
    }

    fn http<'a>(
        &'a self,
        request: &'a HttpRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<HttpResponse, HttpError>> {
        Box::pin(self.clients.send(request, cancel))
    }

    fn timing<'a>(
        &'a self,
        request: &'a HttpRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<HttpTiming, HttpError>> {
        Box::pin(timing::measure(request, cancel))
    }

    fn sql<'a>(
        &'a self,
        request: &'a SqlRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Vec<SqlResult>, SqlError>> {
        Box::pin(self.databases.run(request, cancel))
    }

    fn redis<'a>(
        &'a self,
        request: &'a RedisRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Vec<RedisValue>, RedisError>> {
        Box::pin(self.redis.run(request, cancel))
    }

    fn connects<'a>(&'a self, host: &'a str, port: u16, limit: Duration, cancel: &'a Cancel) -> LocalFuture<'a, bool> {
        Box::pin(async move {
            tokio::select! {
                stream = tokio::net::TcpStream::connect((host, port)) => stream.is_ok(),
                () = tokio::time::sleep(limit) => false,
                () = cancel.cancelled() => false,
            }
        })
    }

    fn tls<'a>(&'a self, request: &'a TlsRequest, cancel: &'a Cancel) -> LocalFuture<'a, Result<TlsShown, NetError>> {
        Box::pin(certificate::look(request, cancel))
    }

    fn dns<'a>(&'a self, request: &'a DnsRequest, cancel: &'a Cancel) -> LocalFuture<'a, Result<DnsAnswer, NetError>> {
        Box::pin(dns::ask(request, cancel))
    }

    fn archive<'a>(
        &'a self,
        work: &'a ArchiveWork,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Vec<ArchiveEntry>, ArchiveError>> {
        Box::pin(archive::run(work, cancel))
    }

    fn mail<'a>(&'a self, request: &'a MailRequest, cancel: &'a Cancel) -> LocalFuture<'a, Result<String, MailError>> {
        Box::pin(async move { mail::send(request, &self.machine(), cancel).await })
    }

    fn files(&self) -> &dyn Files {
        &self.files
    }

    fn left_running(&self, variable: &str, value: &str) -> Vec<LeftRunning> {
        left::running(variable, value)
    }

    fn end_left_running<'a>(&'a self, variable: &'a str, value: &'a str, grace: Duration) -> LocalFuture<'a, usize> {
        Box::pin(left::end(variable, value, grace, &self.hurry))
    }

    fn left_running_there<'a>(
        &'a self,
        way: &'a Process,
        variable: &'a str,
        value: &'a str,
    ) -> LocalFuture<'a, Result<Vec<LeftRunning>, String>> {
        Box::pin(async move { far::left_running(&self.means(), way, variable, value).await })
    }

    fn end_left_running_there<'a>(
        &'a self,
        way: &'a Process,
        variable: &'a str,
        value: &'a str,
        grace: Duration,
    ) -> LocalFuture<'a, Option<String>> {
        Box::pin(async move { far::end_left_running(&self.means(), way, variable, value, grace).await })
    }

    fn keep_memory_private(&self) {
        // A dump goes by the limit only where it is written to a file; one that is piped to a program
        // (core(5)) goes by this. It also keeps other processes of the same user from reading our memory.
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
}

/// The login name of a user of this machine.
fn login_name(id: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut entries = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    entries.find(|entry| entry.get(2).is_some_and(|of| *of == id.to_string())).map(|entry| entry[0].to_owned())
}
