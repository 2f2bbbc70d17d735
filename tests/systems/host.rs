//! The machine on which a system's runbooks run: this one, but for the clock, the folder, the environment and the
//! tools on PATH.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use rbk::host::real::RealHost;
use rbk::host::{
    Cancel, Exit, FileInfo, Files, Host, HttpError, HttpRequest, HttpResponse, LocalFuture, Process, ProcessError,
    RedisError, RedisRequest, RedisValue, SqlError, SqlRequest, SqlResult, Stream,
};

use crate::clock::Clock;
use crate::sites;
use crate::world::change_state;

/// An answer with this header took so many milliseconds of the virtual clock.
const TOOK: &str = "x-took-ms";

/// What a tool of the world ends with in place of hanging, where it is told this number (`tests/tools/faults.rs`).
const HANGS: i32 = 97;

/// Programs that live beside the story once they have said that they are ready: nothing waits for their end.
const BESIDE: &[&str] = &["cloud-sql-proxy"];

/// See the module.
pub(crate) struct WorldHost {
    real: RealHost,
    pub(crate) clock: Rc<Clock>,
    began: jiff::Timestamp,
    vars: BTreeMap<String, String>,
    files: FilesIn,
}

impl WorldHost {
    pub(crate) fn new(
        clock: Rc<Clock>,
        began: jiff::Timestamp,
        folder: PathBuf,
        vars: BTreeMap<String, String>,
    ) -> Self {
        let real = Rc::new(RealHost::new());
        Self { real: RealHost::new(), clock, began, vars, files: FilesIn { folder, real } }
    }
}

impl Host for WorldHost {
    fn now(&self) -> jiff::Timestamp {
        self.began + self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.clock.now()
    }

    fn sleep<'a>(&'a self, duration: Duration, cancel: &'a Cancel) -> LocalFuture<'a, ()> {
        Box::pin(self.clock.sleep(duration, cancel))
    }

    fn env_var(&self, name: &str) -> Option<String> {
        self.vars.get(name).cloned()
    }

    fn random(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        self.real.random(bytes)
    }

    fn actor(&self) -> String {
        "ada".to_owned()
    }

    fn machine(&self) -> String {
        "desk".to_owned()
    }

    fn find_program(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(self.vars.get("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
    }

    fn run_process<'a>(
        &'a self,
        process: &'a Process,
        output: &'a dyn Fn(Stream, &[u8]),
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Exit, ProcessError>> {
        Box::pin(async move {
            let mut process = process.clone();
            let env = self.vars.iter().map(|(name, value)| (name.clone(), value.clone()));
            process.env = env.chain(std::mem::take(&mut process.env)).collect();
            process.env.insert("TOOLS_HANG".to_owned(), HANGS.to_string());
            process.env.insert("TOOLS_NOW".to_owned(), self.now().to_string());
            process.dir = Some(self.files.folder.join(process.dir.unwrap_or_default()));
            // What lives beside the story (`background`) works all the time; nothing waits for it.
            let working = RefCell::new((!process.dies_with_us).then(|| self.clock.work()));
            let beside = BESIDE.contains(&process.argv[0].as_str());
            let heard = |stream: Stream, bytes: &[u8]| {
                if beside {
                    working.take();
                }
                output(stream, bytes);
            };
            let mut run = self.real.run_process(&process, &heard, cancel);
            let mut exit = tokio::select! {
                exit = &mut run => exit,
                () = cancel.cancelled(), if beside => {
                    // Its end is waited for.
                    working.replace(Some(self.clock.work()));
                    run.await
                }
            }?;
            if exit.status == HANGS {
                // What hangs does so by the clock of the run: until it is ended.
                working.take();
                cancel.cancelled().await;
                (exit.status, exit.cancelled) = (143, true);
            }
            Ok(exit)
        })
    }

    fn http<'a>(
        &'a self,
        request: &'a HttpRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async move {
            if let Some(mut answer) = asked(&self.files.folder, request) {
                self.clock.sleep(answer.elapsed, cancel).await;
                answer.elapsed = answer.elapsed.max(Duration::from_millis(1));
                return Ok(answer);
            }
            let working = self.clock.work();
            let mut answer = self.real.http(request, cancel).await?;
            drop(working);
            let took = answer.headers.iter().find(|(name, _)| name == TOOK).and_then(|(_, value)| value.parse().ok());
            if let Some(took) = took.map(Duration::from_millis) {
                self.clock.sleep(took, cancel).await;
                answer.elapsed = took;
            }
            Ok(answer)
        })
    }

    fn sql<'a>(
        &'a self,
        request: &'a SqlRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Vec<SqlResult>, SqlError>> {
        Box::pin(async move {
            let _working = self.clock.work();
            self.real.sql(request, cancel).await
        })
    }

    fn redis<'a>(
        &'a self,
        request: &'a RedisRequest,
        cancel: &'a Cancel,
    ) -> LocalFuture<'a, Result<Vec<RedisValue>, RedisError>> {
        Box::pin(async move {
            let _working = self.clock.work();
            self.real.redis(request, cancel).await
        })
    }

    fn connects<'a>(&'a self, host: &'a str, port: u16, limit: Duration, cancel: &'a Cancel) -> LocalFuture<'a, bool> {
        Box::pin(async move {
            let _working = self.clock.work();
            self.real.connects(host, port, limit, cancel).await
        })
    }

    fn files(&self) -> &dyn Files {
        &self.files
    }
}

/// What a host of this world answers under its own name; it is noted with the calls of tools. `None`: it is none.
fn asked(folder: &Path, request: &HttpRequest) -> Option<HttpResponse> {
    if request.url.contains("//127.0.0.1") {
        return None;
    }
    let bearer = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let bearer = bearer.and_then(|(_, value)| value.strip_prefix("Bearer "));
    let body = request.body.as_deref().unwrap_or_default();
    let mut answer = None;
    change_state(folder, |state| {
        let asked = sites::Request::of(state, &request.method, &request.url, body, bearer);
        answer = asked.map(|asked| sites::answer(state, &asked));
    });
    let answer = answer?;
    let mut log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("calls.log")).unwrap();
    let line = serde_json::json!({ "tool": request.method, "args": [request.url], "fault": null });
    writeln!(log, "{line}").unwrap();
    let (kind, body) = sites::wire(&answer.body);
    Some(HttpResponse {
        status: answer.status,
        headers: vec![("content-type".to_owned(), kind.to_owned())],
        body: body.into_bytes(),
        elapsed: Duration::from_millis(answer.after),
    })
}

/// Files, relative to the folder of the world.
struct FilesIn {
    folder: PathBuf,
    real: Rc<RealHost>,
}

impl FilesIn {
    fn real(&self) -> &dyn Files {
        self.real.files()
    }

    fn at(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }
}

impl Files for FilesIn {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        self.real().read(&self.at(path))
    }
    fn write_atomic(&self, path: &Path, content: &[u8], mode: Option<u32>) -> std::io::Result<()> {
        self.real().write_atomic(&self.at(path), content, mode)
    }
    fn switch_link(&self, link: &Path, target: &Path) -> std::io::Result<()> {
        self.real().switch_link(&self.at(link), target)
    }
    fn read_link(&self, link: &Path) -> std::io::Result<Option<PathBuf>> {
        self.real().read_link(&self.at(link))
    }
    fn metadata(&self, path: &Path) -> std::io::Result<Option<FileInfo>> {
        self.real().metadata(&self.at(path))
    }
    fn remove(&self, path: &Path) -> std::io::Result<()> {
        self.real().remove(&self.at(path))
    }
    fn create_dir(&self, path: &Path) -> std::io::Result<Option<PathBuf>> {
        self.real().create_dir(&self.at(path))
    }
    fn copy(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        self.real().copy(&self.at(from), &self.at(to))
    }
    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        self.real().rename(&self.at(from), &self.at(to))
    }
    fn list(&self, path: &Path) -> std::io::Result<Vec<String>> {
        self.real().list(&self.at(path))
    }
    fn canonical(&self, path: &Path) -> std::io::Result<PathBuf> {
        self.real().canonical(&self.at(path))
    }
    fn scratch_dir(&self) -> std::io::Result<PathBuf> {
        self.real().scratch_dir()
    }
}
