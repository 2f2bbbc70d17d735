//! A scripted world for tests: commands and servers answer what a test says, files are in
//! memory, and the clock is tokio's, which a test can pause so that hours take no time.
//!
//! What was not scripted is an error that says so, never a silent success.

mod command;
mod files;
mod glob;
mod http;
mod looks;
mod redis;
mod script;
mod sql;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::target::way;
use super::{
    ArchiveEntry, ArchiveError, ArchiveWork, Cancel, DnsAnswer, DnsRequest, Exit, Files, Host, HttpError, HttpRequest,
    HttpResponse, HttpTiming, LocalFuture, MailError, MailRequest, NetError, Process, ProcessError, RedisError,
    RedisRequest, RedisValue, SqlError, SqlRequest, SqlResult, Stream, TlsRequest, TlsShown,
};

pub use self::redis::RedisReply;
pub use command::{CommandReply, line_of};
pub use files::FakeFiles;
pub use http::HttpReply;
pub use sql::SqlReply;

use glob::matches;

/// Something that was asked of the fake world.
#[derive(Clone, Debug)]
pub enum Called {
    /// A process was started.
    Command(Process),
    /// A request was sent.
    Http(HttpRequest),
    /// A database was asked.
    Sql(SqlRequest),
    /// A Redis server was asked.
    Redis(RedisRequest),
    /// A message was sent.
    Mail(MailRequest),
}

impl Called {
    /// One line: `$ kubectl get pods`, `GET http://localhost/`.
    pub fn line(&self) -> String {
        match self {
            Self::Command(process) if process.on.is_empty() => format!("$ {}", line_of(process)),
            Self::Command(process) => {
                format!("on {}: $ {}", way(process.on.iter().map(|hop| &hop.target)), line_of(process))
            }
            Self::Http(request) => format!("{} {}", request.method, request.url),
            Self::Sql(request) => format!("sql {}", sql::line_of(request)),
            Self::Mail(request) => format!("mail to {}", request.to.join(", ")),
            Self::Redis(request) => format!("redis {}", redis::line_of(request)),
        }
    }
}

/// How a rule answers: a given list, of which the last stays, or a function.
enum Answers<Asked, Reply> {
    Listed(VecDeque<Reply>),
    Made(Box<dyn FnMut(&Asked) -> Reply>),
}

impl<Asked, Reply: Clone> Answers<Asked, Reply> {
    fn next(&mut self, asked: &Asked) -> Option<Reply> {
        match self {
            Self::Made(make) => Some(make(asked)),
            Self::Listed(replies) if replies.len() > 1 => replies.pop_front(),
            Self::Listed(replies) => replies.front().cloned(),
        }
    }
}

struct Rule<Asked, Reply> {
    method: String,
    pattern: String,
    answers: Answers<Asked, Reply>,
}

/// See the module. Cloned, it is the same world.
#[derive(Clone)]
pub struct FakeHost(Rc<Inner>);

struct Inner {
    epoch: jiff::Timestamp,
    begun: OnceCell<tokio::time::Instant>,
    vars: RefCell<BTreeMap<String, String>>,
    missing: RefCell<BTreeSet<String>>,
    ports: RefCell<BTreeSet<(String, u16)>>,
    commands: RefCell<Vec<Rule<Process, CommandReply>>>,
    servers: RefCell<Vec<Rule<HttpRequest, HttpReply>>>,
    databases: RefCell<Vec<Rule<SqlRequest, SqlReply>>>,
    redis: RefCell<Vec<Rule<RedisRequest, RedisReply>>>,
    log: RefCell<Vec<Called>>,
    looks: RefCell<looks::Looks>,
    files: FakeFiles,
    random: Cell<u64>,
}

impl FakeHost {
    /// A world in which nothing is scripted, on 20 January 2026 at 10:00 UTC.
    pub fn new() -> Self {
        Self::at(jiff::Timestamp::from_second(1_768_903_200).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
    }

    /// The same, its clock beginning at `now`.
    pub fn at(now: jiff::Timestamp) -> Self {
        Self(Rc::new(Inner {
            epoch: now,
            begun: OnceCell::new(),
            vars: RefCell::default(),
            missing: RefCell::default(),
            ports: RefCell::default(),
            commands: RefCell::default(),
            servers: RefCell::default(),
            databases: RefCell::default(),
            redis: RefCell::default(),
            log: RefCell::default(),
            looks: RefCell::default(),
            files: FakeFiles::new(now),
            random: Cell::new(0),
        }))
    }

    /// Sets an environment variable of rbk's process.
    pub fn set_var(&self, name: &str, value: &str) {
        self.0.vars.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// Makes a program one that is not installed; all others are.
    pub fn uninstall(&self, program: &str) {
        self.0.missing.borrow_mut().insert(program.to_owned());
    }

    /// Makes a port accept connections; all others do not.
    pub fn open_port(&self, host: &str, port: u16) {
        self.0.ports.borrow_mut().insert((host.to_owned(), port));
    }

    /// Answers commands whose line matches `pattern` (`*` stands for anything). Of several
    /// patterns that match, the one given last answers. The line of a program is its arguments
    /// joined by blanks; the line of a script is the script.
    pub fn on_command(&self, pattern: &str, reply: CommandReply) {
        self.on_command_in_turn(pattern, [reply]);
    }

    /// The same with a reply for each time it is run; the last one stays.
    pub fn on_command_in_turn(&self, pattern: &str, replies: impl IntoIterator<Item = CommandReply>) {
        self.add_command(pattern, Answers::Listed(replies.into_iter().collect()));
    }

    /// The same with a reply that is made when it is run.
    pub fn on_command_with(&self, pattern: &str, reply: impl FnMut(&Process) -> CommandReply + 'static) {
        self.add_command(pattern, Answers::Made(Box::new(reply)));
    }

    fn add_command(&self, pattern: &str, answers: Answers<Process, CommandReply>) {
        let rule = Rule { method: String::new(), pattern: pattern.to_owned(), answers };
        self.0.commands.borrow_mut().push(rule);
    }

    /// Answers requests whose method is `method` (`*` is any) and whose address matches `pattern`.
    pub fn on_http(&self, method: &str, pattern: &str, reply: HttpReply) {
        self.on_http_in_turn(method, pattern, [reply]);
    }

    /// The same with a reply for each request; the last one stays.
    pub fn on_http_in_turn(&self, method: &str, pattern: &str, replies: impl IntoIterator<Item = HttpReply>) {
        self.add_server(method, pattern, Answers::Listed(replies.into_iter().collect()));
    }

    /// The same with a reply that is made when it is asked for.
    pub fn on_http_with(&self, method: &str, pattern: &str, reply: impl FnMut(&HttpRequest) -> HttpReply + 'static) {
        self.add_server(method, pattern, Answers::Made(Box::new(reply)));
    }

    fn add_server(&self, method: &str, pattern: &str, answers: Answers<HttpRequest, HttpReply>) {
        let rule = Rule { method: method.to_owned(), pattern: pattern.to_owned(), answers };
        self.0.servers.borrow_mut().push(rule);
    }

    /// Everything that was asked so far, in order.
    pub fn calls(&self) -> Vec<Called> {
        self.0.log.borrow().clone()
    }

    /// The same, one line each.
    pub fn lines(&self) -> Vec<String> {
        self.0.log.borrow().iter().map(Called::line).collect()
    }

    /// The files, to be looked at or laid out.
    pub fn fake_files(&self) -> &FakeFiles {
        &self.0.files
    }
}

impl Default for FakeHost {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for FakeHost {
    fn now(&self) -> jiff::Timestamp {
        self.0
            .epoch
            .checked_add(jiff::SignedDuration::try_from(self.monotonic()).unwrap_or_default())
            .unwrap_or(self.0.epoch)
    }

    fn monotonic(&self) -> Duration {
        self.0.begun.get_or_init(tokio::time::Instant::now).elapsed()
    }

    fn sleep<'a>(&'a self, duration: Duration, cancel: &'a Cancel) -> LocalFuture<'a, ()> {
        self.monotonic();
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
        self.0.vars.borrow().get(name).cloned()
    }

    /// Always others, and the same in each world.
    fn random(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        use sha2::{Digest, Sha256};
        for chunk in bytes.chunks_mut(32) {
            let count = self.0.random.get() + 1;
            self.0.random.set(count);
            chunk.copy_from_slice(&Sha256::digest(count.to_le_bytes())[..chunk.len()]);
        }
        Ok(())
    }

    fn machine(&self) -> String {
        "machine".to_owned()
    }

    fn actor(&self) -> String {
        self.env_var("USER").unwrap_or_else(|| "tester".to_owned())
    }

    fn find_program(&self, name: &str) -> Option<PathBuf> {
        (!self.0.missing.borrow().contains(name)).then(|| PathBuf::from("/usr/bin").join(name))
    }

    fn run_process<'a>(
        &'a self,
        process: &'a Process,
        output: &'a dyn Fn(Stream, &[u8]),
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Exit, ProcessError>> {
        self.0.log.borrow_mut().push(Called::Command(process.clone()));
        let line = line_of(process);
        let program = process.argv.first().cloned().unwrap_or_default();
        let missing = self.0.missing.borrow().contains(&program);
        let mut rules = self.0.commands.borrow_mut();
        let rule = rules.iter_mut().rev().find(|rule| matches(&rule.pattern, &line));
        let reply = rule.and_then(|rule| rule.answers.next(process));
        let reply = match reply {
            _ if missing => Err(ProcessError::NotFound(program)),
            Some(reply) => Ok(reply),
            None => {
                Err(ProcessError::NotStarted { program, reason: format!("the test scripts no answer to `{line}`") })
            }
        };
        Box::pin(async move { Ok(command::play(reply?, process, output, cancel).await) })
    }

    fn http<'a>(
        &'a self,
        request: &'a HttpRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<HttpResponse, HttpError>> {
        self.0.log.borrow_mut().push(Called::Http(request.clone()));
        // As strict as the real one: a token that was read with its line end is none.
        if request.headers.iter().any(|(_, value)| value.contains(['\r', '\n'])) {
            let message = "failed to parse header value".to_owned();
            return Box::pin(std::future::ready(Err(HttpError { message, never_sent: true, cancelled: false })));
        }
        let mut rules = self.0.servers.borrow_mut();
        let rule = rules.iter_mut().rev().find(|rule| {
            (rule.method == "*" || rule.method.eq_ignore_ascii_case(&request.method))
                && matches(&rule.pattern, &request.url)
        });
        let reply = rule.and_then(|rule| rule.answers.next(request));
        let reply = reply.ok_or_else(|| HttpError {
            message: format!("the test scripts no answer to {} {}", request.method, request.url),
            never_sent: true,
            cancelled: false,
        });
        Box::pin(async move { http::play(reply?, request, cancel).await })
    }

    /// What the request's answer takes, all of it until the first byte.
    fn timing<'a>(
        &'a self,
        request: &'a HttpRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<HttpTiming, HttpError>> {
        Box::pin(async move {
            let answer = self.http(request, cancel).await?;
            let (size, address) = (answer.body.len() as u64, "192.0.2.1".to_owned());
            let (first_byte, total) = (answer.elapsed, answer.elapsed);
            Ok(HttpTiming { status: answer.status, address, first_byte, total, size, ..HttpTiming::default() })
        })
    }

    fn sql<'a>(
        &'a self,
        request: &'a SqlRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Vec<SqlResult>, SqlError>> {
        self.0.log.borrow_mut().push(Called::Sql(request.clone()));
        let line = sql::line_of(request);
        let mut rules = self.0.databases.borrow_mut();
        let rule = rules.iter_mut().rev().find(|rule| matches(&rule.pattern, &line));
        let reply = rule.and_then(|rule| rule.answers.next(request));
        let reply = reply.ok_or_else(|| SqlError::not_begun(format!("the test scripts no answer to `{line}`")));
        Box::pin(async move { sql::play(reply?, request, cancel).await })
    }

    fn redis<'a>(
        &'a self,
        request: &'a RedisRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Vec<RedisValue>, RedisError>> {
        self.0.log.borrow_mut().push(Called::Redis(request.clone()));
        let line = redis::line_of(request);
        let mut rules = self.0.redis.borrow_mut();
        let rule = rules.iter_mut().rev().find(|rule| matches(&rule.pattern, &line));
        let reply = rule.and_then(|rule| rule.answers.next(request));
        let reply = reply.ok_or_else(|| RedisError::never_sent(format!("the test scripts no answer to `{line}`")));
        Box::pin(async move { redis::play(reply?, request, cancel).await })
    }

    fn connects<'a>(&'a self, host: &'a str, port: u16, _: Duration, _: &'a Cancel) -> LocalFuture<'a, bool> {
        let open = self.0.ports.borrow().contains(&(host.to_owned(), port));
        Box::pin(std::future::ready(open))
    }

    fn tls<'a>(&'a self, request: &'a TlsRequest, _: &'a Cancel) -> LocalFuture<'a, Result<TlsShown, NetError>> {
        let shown = self.0.looks.borrow().certificate.clone();
        let none = || NetError { message: format!("the test scripts no certificate of {}", request.host), help: None };
        Box::pin(std::future::ready(shown.ok_or_else(none)))
    }

    fn dns<'a>(&'a self, request: &'a DnsRequest, _: &'a Cancel) -> LocalFuture<'a, Result<DnsAnswer, NetError>> {
        let answer = self.0.looks.borrow().names.clone();
        let none = || NetError { message: format!("the test scripts no answer about {}", request.name), help: None };
        Box::pin(std::future::ready(answer.ok_or_else(none)))
    }

    fn archive<'a>(
        &'a self,
        work: &'a ArchiveWork,
        _: &'a Cancel,
    ) -> LocalFuture<'a, Result<Vec<ArchiveEntry>, ArchiveError>> {
        Box::pin(std::future::ready(looks::archive(work, &self.0.files)))
    }

    /// Every message is taken.
    fn mail<'a>(&'a self, request: &'a MailRequest, _: &'a Cancel) -> LocalFuture<'a, Result<String, MailError>> {
        self.0.log.borrow_mut().push(Called::Mail(request.clone()));
        Box::pin(std::future::ready(Ok("taken".to_owned())))
    }

    fn files(&self) -> &dyn Files {
        &self.0.files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(line: &[&str]) -> Process {
        Process { argv: line.iter().map(|&word| word.to_owned()).collect(), ..Process::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_takes_no_time() {
        let host = FakeHost::new();
        let (before, now) = (host.monotonic(), host.now());
        host.sleep(Duration::from_secs(3600), &Cancel::new()).await;
        assert_eq!(host.monotonic().saturating_sub(before), Duration::from_secs(3600));
        assert_eq!(host.now().duration_since(now).as_secs(), 3600);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_rule_answers_and_the_last_reply_stays() {
        let host = FakeHost::new();
        host.on_command("*", CommandReply::ok("any"));
        host.on_command_in_turn("kubectl get *", [CommandReply::failed(1, "not yet"), CommandReply::ok("ready\n")]);
        let cancel = Cancel::new();
        let silent = |_: Stream, _: &[u8]| {};
        let get = process(&["kubectl", "get", "pods"]);
        assert_eq!(host.run_process(&get, &silent, &cancel).await.unwrap().status, 1);
        for _ in 0..2 {
            assert_eq!(host.run_process(&get, &silent, &cancel).await.unwrap().stdout, "ready\n");
        }
        assert_eq!(host.run_process(&process(&["ls"]), &silent, &cancel).await.unwrap().stdout, "any");
        assert_eq!(host.lines().last().unwrap(), "$ ls");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_scripted_is_refused() {
        let host = FakeHost::new();
        let error = host.run_process(&process(&["rm", "-rf"]), &|_, _| {}, &Cancel::new()).await.unwrap_err();
        assert!(error.to_string().contains("no answer to `rm -rf`"), "{error}");
        let request = HttpRequest { method: "GET".into(), url: "http://x/".into(), ..HttpRequest::default() };
        assert!(host.http(&request, &Cancel::new()).await.unwrap_err().never_sent);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_command_ends_when_it_is_cancelled() {
        let host = FakeHost::new();
        host.on_command("polite", CommandReply::hangs());
        host.on_command("stubborn", CommandReply::hangs().ignoring_term());
        for (line, status, seconds) in [("polite", 143, 3), ("stubborn", 137, 8)] {
            let cancel = Cancel::new();
            let mut process = process(&[line]);
            process.grace = Duration::from_secs(5);
            let begun = host.monotonic();
            let silent = |_: Stream, _: &[u8]| {};
            let (exit, ()) = tokio::join!(host.run_process(&process, &silent, &cancel), async {
                host.sleep(Duration::from_secs(3), &Cancel::new()).await;
                cancel.cancel();
            });
            let exit = exit.unwrap();
            assert!(exit.cancelled);
            assert_eq!(exit.status, status);
            assert_eq!(host.monotonic().saturating_sub(begun).as_secs(), seconds);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn servers_answer_late_never_or_not_at_all() {
        let host = FakeHost::new();
        host.on_http("GET", "http://a/*", HttpReply::json(200, r#"{"ok":true}"#).after(Duration::from_secs(2)));
        host.on_http("*", "http://b/*", HttpReply::refused());
        host.on_http("POST", "http://c/*", HttpReply::hangs());
        let ask =
            |method: &str, url: &str| HttpRequest { method: method.into(), url: url.into(), ..HttpRequest::default() };
        let cancel = Cancel::new();
        let answer = host.http(&ask("GET", "http://a/x?y=1"), &cancel).await.unwrap();
        assert_eq!((answer.status, answer.elapsed.as_secs()), (200, 2));
        assert!(host.http(&ask("PUT", "http://b/"), &cancel).await.unwrap_err().never_sent);
        let post = ask("POST", "http://c/");
        let (lost, ()) = tokio::join!(host.http(&post, &cancel), async {
            host.sleep(Duration::from_secs(1), &Cancel::new()).await;
            cancel.cancel();
        });
        let lost = lost.unwrap_err();
        assert!(lost.cancelled && !lost.never_sent);
    }
}
