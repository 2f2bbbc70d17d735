//! A system on Cloud Run: its world, where what is odd is a *sign* (`tests/tools/sites/mod.rs`), and what came of a run.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Asks, System, change_state};

/// See the module.
pub(crate) struct Cloud {
    pub(crate) system: System,
    answers: Vec<(String, String)>,
    nobody: bool,
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) code: i32,
    /// What it told people.
    pub(crate) text: String,
    /// By the clock of the run.
    pub(crate) took: Duration,
    /// Each command and request, one line each, in order.
    calls: Vec<String>,
    /// From the failing check to the first compensating command, by the real clock.
    pub(crate) reaction: Option<Duration>,
}

impl Ran {
    /// It ended with this exit code.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}", self.text);
        self
    }

    /// It told this, however its lines are broken.
    #[track_caller]
    pub(crate) fn tells(&self, text: &str) -> &Self {
        let plain = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.contains(text), "it does not tell {text:?}:\n{}", self.text);
        self
    }

    /// It asked the world for this, in this order.
    #[track_caller]
    pub(crate) fn calls_in_order(&self, wanted: &[&str]) -> &Self {
        let mut rest = self.calls.iter();
        for part in wanted {
            assert!(rest.any(|call| call.contains(part)), "no {part:?} in its place:\n{}", self.calls.join("\n"));
        }
        self
    }

    /// It never asked the world for this.
    #[track_caller]
    pub(crate) fn never_calls(&self, part: &str) -> &Self {
        assert!(!self.calls.iter().any(|call| call.contains(part)), "{part:?} in:\n{}", self.calls.join("\n"));
        self
    }

    /// It was rolled back, and the first step back came at once. Prints after how long.
    #[track_caller]
    pub(crate) fn is_taken_back(&self) -> &Self {
        self.ends(3);
        let reaction = self.reaction.expect("something was taken back");
        println!("from the failing check to the first compensating command: {:.1} ms", reaction.as_secs_f64() * 1000.0);
        assert!(reaction < Duration::from_secs(1), "{reaction:?}");
        self
    }
}

impl Cloud {
    pub(crate) fn of(name: &'static str) -> Self {
        let mut system = System::of(name);
        system.var("SLACK_WEBHOOK", "https://hooks.slack.com/services/T0/B0/a-secret-hook");
        Self { system, answers: Vec::new(), nobody: false }
    }

    /// What is said to the questions that contain this. To all others it is yes, or done.
    pub(crate) fn answer(&mut self, question: &str, answer: &str) {
        self.answers.insert(0, (question.to_owned(), answer.to_owned()));
    }

    /// Nobody is there to answer.
    pub(crate) fn nobody_answers(&mut self) {
        self.nobody = true;
    }

    pub(crate) fn state(&self) -> Value {
        self.system.state()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Value)) {
        self.system.change(change);
    }

    /// The same, once the clock has run so long.
    pub(crate) fn later(&self, after: Duration, change: impl FnOnce(&mut Value) + 'static) {
        self.system.at(after, |folder| change_state(folder, change));
    }

    /// Something is odd from now on.
    pub(crate) fn sign(&self, sign: Value) {
        self.change(|state| add_sign(state, sign));
    }

    /// Sets what goes wrong with tools from now on.
    pub(crate) fn fault(&self, call: &str, kind: &str) {
        self.system.world.fault(call, kind);
    }

    /// `revision=share,…` of a service: `europe-west2/web`.
    pub(crate) fn traffic(&self, place: &str) -> String {
        let traffic = self.state()["run"]["services"][place]["status"]["traffic"].clone();
        let shares = traffic.as_array().unwrap().iter().filter(|one| one["percent"].as_i64().unwrap_or(0) > 0);
        let mut shares: Vec<String> =
            shares.map(|one| format!("{}={}", one["revisionName"].as_str().unwrap(), one["percent"])).collect();
        shares.sort();
        shares.join(",")
    }

    /// What the services outside were told.
    pub(crate) fn told(&self) -> Vec<String> {
        self.state()["told"].as_array().into_iter().flatten().map(Value::to_string).collect()
    }

    pub(crate) fn run(&self, file: &str, env: &str, params: &[(&str, &str)]) -> Ran {
        let asks = self.asks(env, params);
        self.ran(|system| system.run(file, asks))
    }

    /// One that lies in the world's folder.
    pub(crate) fn run_own(&self, file: &str, env: &str) -> Ran {
        let asks = self.asks(env, &[]);
        self.ran(|system| system.run_own(file, asks))
    }

    /// Steps through a runbook by what is typed, in a copy of the system's folder within the world.
    pub(crate) fn steps(&self, file: &str, env: &str, script: &str) -> Ran {
        let (books, asks) = (self.system.copy(), self.asks(env, &[]).steps(script));
        self.ran(|system| system.run_own(&format!("{books}/{file}"), asks))
    }

    fn asks(&self, env: &str, params: &[(&str, &str)]) -> Asks<'static> {
        let mut asks = Asks::of(env).by("eve");
        for (name, value) in params {
            asks = asks.param(name, value);
        }
        if self.nobody {
            return asks.says("", "(nobody)");
        }
        for (question, answer) in &self.answers {
            asks = asks.says(question, answer);
        }
        // Whatever is typed to be sure is the environment's name.
        asks.says("run \"", env).says("step \"", env).agrees()
    }

    fn ran(&self, runs: impl FnOnce(&System) -> crate::tools::Ran) -> Ran {
        let (began, calls) = (self.system.now(), self.system.calls().len());
        let ran = runs(&self.system);
        let calls = self.system.calls().split_off(calls);
        let calls = calls.into_iter().map(|line| line.chars().take(200).collect()).collect();
        Ran { code: ran.code, text: ran.text, took: self.system.now() - began, calls, reaction: self.system.reaction() }
    }
}

pub(crate) fn add_sign(state: &mut Value, sign: Value) {
    match state["signs"].as_array_mut() {
        Some(all) => all.push(sign),
        None => state["signs"] = json!([sign]),
    }
}
