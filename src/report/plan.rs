//! `rbk plan`: what would happen, step by step, as the events of a run in which nothing is executed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::paint::{Ink, paint};
use super::{Out, Reporter, failure, sanitize, write_line};
use crate::catalog::Effect;
use crate::diag::Style;
use crate::runtime::event::{Event, Observer, ScopeId, ScopeInfo, ScopeStatus};

/// Writes a plan.
pub struct PlanReport {
    out: Out,
    style: Style,
    counts: Counts,
    /// What takes back what a scope changes, until it ends.
    armed: RefCell<HashMap<ScopeId, Vec<String>>>,
    /// Where what belongs to no scope stands.
    depth: Cell<usize>,
}

/// How many effects of each class a plan has.
#[derive(Debug, Default)]
pub struct Counts {
    /// `reads`
    pub reads: Cell<usize>,
    /// `changes`
    pub changes: Cell<usize>,
    /// `destroys`
    pub destroys: Cell<usize>,
}

impl Counts {
    /// Whether the world would differ.
    pub fn would_change(&self) -> bool {
        self.changes.get() + self.destroys.get() > 0
    }

    fn add(&self, effect: Effect) {
        let count = match effect {
            Effect::Reads => &self.reads,
            Effect::Changes => &self.changes,
            Effect::Destroys => &self.destroys,
        };
        count.set(count.get() + 1);
    }

    /// `3 changes, 1 destroys, 2 reads`
    fn text(&self) -> String {
        let of = |count: &Cell<usize>, one: &str, many: &str| match count.get() {
            1 => format!("1 {one}"),
            n => format!("{n} {many}"),
        };
        let changes = of(&self.changes, "change", "changes");
        format!("{changes}, {}, {}", of(&self.destroys, "destroy", "destroys"), of(&self.reads, "read", "reads"))
    }
}

impl PlanReport {
    /// Onto a writer.
    pub fn new(out: Box<dyn std::io::Write>, style: Style) -> Self {
        Self { out: out.into(), style, counts: Counts::default(), armed: RefCell::default(), depth: Cell::new(1) }
    }

    /// What it came to.
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    fn say(&self, depth: usize, line: &str) {
        write_line(&self.out, &format!("{:indent$}{line}", "", indent = 2 * depth));
    }

    fn dim(&self, text: &str) -> String {
        paint(self.style, Ink::Dim, text)
    }

    fn started(&self, scope: &ScopeInfo) {
        self.depth.set(scope.depth + 1);
        let title = shown(&scope.title);
        let title = if scope.kind == "phase" { paint(self.style, Ink::Bold, &title) } else { title };
        self.say(scope.depth, &format!("{} {title}  {}", scope.kind, self.dim(&scope.place)));
    }

    fn effect(&self, scope: &ScopeInfo, show: &str, effect: Effect) {
        self.counts.add(effect);
        let ink = match effect {
            Effect::Reads => Ink::Dim,
            Effect::Changes => Ink::Warn,
            Effect::Destroys => Ink::Bad,
        };
        let class = paint(self.style, ink, &format!("{:<8}", effect.to_string()));
        for (at, line) in show.lines().enumerate() {
            let line = shown(line);
            let class = if at == 0 { class.clone() } else { " ".repeat(8) };
            self.say(scope.depth + 1, &format!("{class} {line}"));
        }
    }

    fn ended(&self, scope: &ScopeInfo, status: ScopeStatus, detail: Option<&str>) {
        self.depth.set(scope.depth.max(1));
        if status == ScopeStatus::Skipped {
            let why = detail.map_or_else(String::new, |why| format!(": {}", sanitize::line(why)));
            let line = format!("{} {}  skipped{why}", scope.kind, sanitize::line(&scope.title));
            return self.say(scope.depth, &self.dim(&line));
        }
        for line in self.armed.borrow_mut().remove(&scope.id).unwrap_or_default() {
            self.say(scope.depth + 1, &self.dim(&line));
        }
    }
}

fn shown(text: &str) -> String {
    sanitize::line(text).replace(crate::value::display::LATER, "(known when it runs)")
}

impl Observer for PlanReport {
    fn observe(&self, event: &Event) {
        match event {
            Event::RunStarted { title, environment, .. } => {
                let environment = environment.as_ref().map_or_else(String::new, |name| format!(" · {name}"));
                let title = paint(self.style, Ink::Bold, &sanitize::line(title));
                self.say(0, &format!("{title}{environment} · a plan: nothing is executed"));
            }
            Event::ScopeStarted(scope) => self.started(scope),
            Event::EffectStarted { scope, show, effect, bound: _ } => self.effect(scope, show, *effect),
            Event::Armed { scope, text, restores } => {
                let word = if *restores { "restore" } else { "undo" };
                let line = format!("{word}: {}", shown(text));
                let mut armed = self.armed.borrow_mut();
                let lines = armed.entry(scope.id).or_default();
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
            Event::ScopeEnded { scope, status, detail, .. } => self.ended(scope, *status, detail.as_deref()),
            Event::Failed { failure, next } => self.say(0, &failure::draw(failure, next, &[], self.style)),
            Event::Branch { text, depth } => {
                self.say(depth + 1, &format!("{} (known when it runs):", sanitize::line(text)));
            }
            Event::Note(text) => self.say(self.depth.get(), &format!("note     {}", shown(text))),
            Event::Warning(text) => self.say(self.depth.get(), &format!("warning  {}", shown(text))),
            Event::Asked { question } => self.say(self.depth.get(), &format!("asks     {}", shown(question))),
            Event::RunEnded(_) => self.say(0, &self.counts.text()),
            Event::Progress { .. } | Event::Output { .. } | Event::Answered { .. } | Event::RollbackStarted { .. } => {}
        }
    }
}

impl Reporter for PlanReport {}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::report::testing::{self, Page, ended};
    use crate::runtime::outcome::Status;

    #[test]
    fn effects_with_their_class_and_unknown_values() {
        let page = Page::default();
        let plan = PlanReport::new(Box::new(page.clone()), Style::default());
        let phase = testing::scope(1, None, "phase", "Deploy");
        let step = testing::scope(2, Some(1), "step", "Send the traffic");
        let show = format!("$ route {}", crate::value::display::LATER);
        plan.observe(&testing::started());
        plan.observe(&Event::ScopeStarted(Rc::clone(&phase)));
        plan.observe(&Event::ScopeStarted(Rc::clone(&step)));
        plan.observe(&Event::EffectStarted { scope: Rc::clone(&step), show, effect: Effect::Changes, bound: false });
        let text = format!("$ route {} 0%", crate::value::display::LATER);
        plan.observe(&Event::Armed { scope: Rc::clone(&step), text, restores: false });
        plan.observe(&ended(&step, ScopeStatus::Passed, 0, None));
        plan.observe(&ended(&testing::scope(3, Some(1), "step", "Other"), ScopeStatus::Skipped, 0, Some("not when x")));
        plan.observe(&Event::RunEnded(Rc::new(testing::report(Status::Succeeded))));
        assert!(plan.counts().would_change());
        assert_eq!(
            page.text(),
            "Deploy the backend · prod · a plan: nothing is executed
phase Deploy  deploy.rbk:1
  step Send the traffic  deploy.rbk:2
    changes  $ route (known when it runs)
    undo: $ route (known when it runs) 0%
  step Other  skipped: not when x
1 change, 0 destroys, 0 reads
"
        );
    }
}
