//! Scripts of the systems' own repositories, as their pages call them.

use crate::call::{Call, Failure, failed};
use crate::gcloud;
use crate::sites::{self, Request};

pub(crate) fn play(call: &mut Call) -> Result<(), Failure> {
    let words: Vec<String> = call.words.clone();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["bayit", "smoke_tests", url] => smoke_tests(call, url),
        ["bayit", "rollback", "-e", "production", "-n", back] => {
            roll_back(call, "us-east1/bayit-plus-backend", back.parse().unwrap_or(1))
        }
        ["liftlog", "deploy", stage @ ("staging" | "production"), tag] => {
            if *stage == "production" && !tag.starts_with('v') {
                return Err(failed(1, "deploy.sh: production requires a specific version tag"));
            }
            let place = format!("us-central1/liftlog-python-backend-{stage}");
            gcloud::release(call, &place, &format!("ghcr.io/liftlog/python-backend:{tag}"))
        }
        ["liftlog", "rollback", stage @ ("staging" | "production")] => {
            roll_back(call, &format!("us-central1/liftlog-python-backend-{stage}"), 1)
        }
        ["liftlog", "rollback", stage @ ("staging" | "production"), revision] => {
            gcloud::all_traffic_to(call, &format!("us-central1/liftlog-python-backend-{stage}"), revision);
            Ok(())
        }
        other => Err(failed(2, format!("usage: no such script, or not so: {}", other.join(" ")))),
    }
}

/// What every smoke test begins with.
fn smoke_tests(call: &mut Call, url: &str) -> Result<(), Failure> {
    for path in ["/health", "/health/ready", "/api/v1/content?limit=1"] {
        let asked = Request::of(&call.state, "GET", &format!("{url}{path}"), b"", None);
        let status = asked.map_or(0, |asked| sites::answer(&mut call.state, &asked).status);
        if status != 200 {
            return Err(failed(1, format!("FAIL GET {path}: {status}")));
        }
        call.say(format!("PASS GET {path}"));
    }
    Ok(())
}

/// To the revision so many before the one that has the traffic.
fn roll_back(call: &mut Call, place: &str, back: usize) -> Result<(), Failure> {
    let live = sites::cloudrun::live(&call.state, place.rsplit('/').next().unwrap_or_default());
    let names: Vec<String> = call.state["run"]["revisions"][place]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["metadata"]["name"].as_str().map(str::to_owned))
        .collect();
    let at = live.and_then(|live| names.iter().position(|name| *name == live.name));
    let to = at.and_then(|at| at.checked_sub(back)).and_then(|at| names.get(at));
    let to = to.ok_or_else(|| failed(1, "rollback.sh: there is no revision so far back"))?.clone();
    gcloud::all_traffic_to(call, place, &to);
    call.say(format!("rolled back to {to}"));
    Ok(())
}

/// cloud-sql-proxy 2: listens until it is ended. <https://cloud.google.com/sql/docs/postgres/connect-auth-proxy>
pub(crate) fn cloud_sql_proxy(words: &[String]) -> Failure {
    let (mut port, mut instance) = (5432, None);
    for word in words {
        match word.strip_prefix("--port=").map(str::parse) {
            Some(Ok(number)) => port = number,
            Some(Err(_)) => return failed(1, format!("invalid argument {word:?} for \"--port\"")),
            None if word.starts_with('-') => return failed(1, format!("unknown flag: {word}")),
            None => instance = Some(word.clone()),
        }
    }
    let Some(instance) = instance.filter(|name| name.split(':').count() == 3) else {
        return failed(1, "invalid instance connection name, expected: project:region:name");
    };
    let listener = match std::net::TcpListener::bind(("127.0.0.1", port)) {
        Ok(listener) => listener,
        Err(why) => return failed(1, format!("[{instance}] unable to mount socket: {why}")),
    };
    println!("The proxy has started successfully and is ready for new connections!");
    for stream in listener.incoming() {
        drop(stream);
    }
    failed(1, "the proxy has stopped")
}

/// mongodump of the MongoDB Database Tools 100: <https://www.mongodb.com/docs/database-tools/mongodump/>
pub(crate) fn mongodump(call: &mut Call) -> Result<(), Failure> {
    let mut out = None;
    for word in call.words.clone() {
        match word.split_once('=') {
            Some(("--config", file)) => {
                let text =
                    std::fs::read_to_string(file).map_err(|why| failed(1, format!("error opening {file}: {why}")))?;
                if !text.starts_with("uri: mongodb") {
                    return Err(failed(1, "error parsing config file: no uri"));
                }
            }
            Some(("--out", folder)) => out = Some(folder.to_owned()),
            _ => return Err(failed(1, format!("error parsing command line options: unknown option \"{word}\""))),
        }
    }
    let folder = out.unwrap_or_else(|| "dump".to_owned());
    std::fs::create_dir_all(format!("{folder}/bayit")).map_err(|why| failed(1, format!("{folder}: {why}")))?;
    std::fs::write(format!("{folder}/bayit/content.bson"), "").unwrap();
    call.err.push_str("done dumping bayit.content (4210 documents)\n");
    Ok(())
}
