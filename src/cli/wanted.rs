//! Names of steps and questions given on the command line, looked up before anything runs.

use crate::analysis::Program;
use crate::analysis::program::{Act, Block, Callee, Scope, ScopeBody, Stmt, StmtKind};
use crate::diag::did_you_mean;
use crate::eval::Expr;
use crate::eval::expr::ExprKind;
use crate::report::outline::Outline;
use crate::runtime::Title;
use crate::value::Value;

/// The answer that lets a run begin outside of its window.
pub(super) const WINDOW_OPEN: &str = "window=open";

/// What the flags may name.
pub(super) struct Names {
    titles: Vec<Named>,
    approvals: Vec<Named>,
    questions: Vec<String>,
    /// Some question's text is only known when it is asked.
    more_questions: bool,
}

/// A message and what to type instead.
type Wrong = (String, Option<String>);

impl Names {
    pub(super) fn of(program: &Program, outline: &Outline) -> Self {
        let mut names =
            Self { titles: Vec::new(), approvals: Vec::new(), questions: Vec::new(), more_questions: false };
        names.add(program, outline);
        let mut called: Vec<_> = program.called.iter().collect();
        while let Some(program) = called.pop() {
            names.add(program, &Outline::of(program));
            called.extend(&program.called);
        }
        names
    }

    fn add(&mut self, program: &Program, outline: &Outline) {
        for item in &outline.items {
            let around: Vec<&str> = item.around.iter().map(|name| &**name).collect();
            let named = Named::of(&around, &item.name);
            if item.kind == "approve" {
                self.approvals.push(named.clone());
            }
            self.titles.push(named);
        }
        // Protected environments ask for their name before the run and before what is dangerous.
        self.more_questions |= program.environments.iter().any(|environment| environment.protected);
        self.more_questions |= program.actions.iter().any(|action| asks(&action.body));
        self.block(&program.body);
        program.finally.iter().for_each(|finally| self.block(&finally.body));
    }

    /// Whether everything that was named is there.
    ///
    /// # Errors
    /// What is not, and what to type instead.
    pub(super) fn check<'n>(
        &self,
        selected: impl Iterator<Item = &'n str>,
        approved: &[String],
        answers: &[String],
    ) -> Result<(), Wrong> {
        for name in selected {
            titled(name, &self.titles, "step or phase", "this runbook has no step or phase")?;
        }
        for name in approved {
            titled(name, &self.approvals, "approval", "this runbook asks for no approval")?;
        }
        for given in answers {
            self.check_answer(given)?;
        }
        Ok(())
    }

    fn check_answer(&self, given: &str) -> Result<(), Wrong> {
        let Some((question, _)) = given.split_once('=') else {
            return Err((format!("--answer '{given}' gives no answer"), Some(format!("--answer '{given}=…'"))));
        };
        let titles = self.titles.iter().flat_map(|named| [&named.name, &named.path]);
        let is_known = self.questions.iter().chain(titles).any(|name| super::person::answer_to(name, given).is_some());
        if is_known || self.more_questions || given.eq_ignore_ascii_case(WINDOW_OPEN) {
            return Ok(());
        }
        known(question, &self.questions, "question", "this runbook asks no question")
    }

    fn block(&mut self, block: &Block) {
        block.body.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Scope(scope) | StmtKind::Person(scope) => self.scope(scope),
            StmtKind::Act(act) => {
                if let Some(question) = question_of(act) {
                    self.question(question);
                }
            }
            StmtKind::If { then, otherwise, .. } => {
                self.block(then);
                self.block(otherwise);
            }
            StmtKind::For(each) => self.block(&each.body),
            StmtKind::Parallel(parallel) => parallel.branches.iter().for_each(|branch| self.block(branch)),
            StmtKind::OnDir { body, .. } | StmtKind::On { body, .. } | StmtKind::With { body, .. } => self.block(body),
            StmtKind::Try(attempt) => {
                self.block(&attempt.body);
                attempt.otherwise.iter().for_each(|block| self.block(block));
            }
            _ => {}
        }
    }

    fn scope(&mut self, scope: &Scope) {
        match &scope.kind {
            ScopeBody::Phase(body) | ScopeBody::Step(body) | ScopeBody::Check(body) => self.block(body),
            ScopeBody::Monitor { body } | ScopeBody::Guard { body } => self.block(body),
            ScopeBody::Manual { body, .. } => {
                self.question(&scope.title);
                self.block(body);
            }
            ScopeBody::Checklist(items) => items.iter().for_each(|item| self.question(item)),
            ScopeBody::Choose(branches) => {
                self.question(&scope.title);
                for (_, body) in branches {
                    self.block(body);
                }
            }
            ScopeBody::Confirm | ScopeBody::Approve { .. } => self.question(&scope.title),
            ScopeBody::CheckUse(..) | ScopeBody::Call { .. } => {}
        }
    }

    fn question(&mut self, text: &Expr) {
        match &text.kind {
            ExprKind::Const(value @ Value::Str(_)) => self.questions.push(value.to_text()),
            _ => self.more_questions = true,
        }
    }
}

/// The question of an `ask("…")`.
fn question_of(act: &Act) -> Option<&Expr> {
    match &act.callee {
        Callee::Native(action, args) if action.name == "ask" => args.first(),
        Callee::Native(..) | Callee::Command(_) | Callee::User(..) => None,
    }
}

fn asks(block: &Block) -> bool {
    block.body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Act(act) => question_of(act).is_some(),
        StmtKind::If { then, otherwise, .. } => asks(then) || asks(otherwise),
        StmtKind::For(each) => asks(&each.body),
        _ => false,
    })
}

/// A title as it is written, with those around it.
#[derive(Clone)]
struct Named {
    name: String,
    /// `Phase/Step`
    path: String,
    title: Title,
    around: Vec<Title>,
}

impl Named {
    fn of(around: &[&str], name: &str) -> Self {
        let path: Vec<&str> = around.iter().copied().chain([name]).collect();
        Self {
            name: name.to_owned(),
            path: path.join("/"),
            title: Title::written(name),
            around: around.iter().map(|title| Title::written(title)).collect(),
        }
    }
}

fn titled(name: &str, titles: &[Named], what: &str, none: &str) -> Result<(), Wrong> {
    if titles.iter().any(|named| named.title.is_named_among(&named.around, name)) {
        return Ok(());
    }
    let names: Vec<String> = titles.iter().flat_map(|named| [named.name.clone(), named.path.clone()]).collect();
    known(name, &names, what, none)
}

fn known(name: &str, names: &[String], what: &str, none: &str) -> Result<(), Wrong> {
    if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    if names.is_empty() {
        return Err((none.to_owned(), None));
    }
    let help = match did_you_mean(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean '{near}'?"),
        None => {
            let mut some: Vec<&str> = names.iter().map(String::as_str).take(12).collect();
            some.dedup();
            format!("there is: {}", some.join(" · "))
        }
    };
    Err((format!("there is no {what} '{name}'"), Some(help)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_before_the_run() {
        let names = Names {
            titles: vec![
                Named::of(&[], "Deploy"),
                Named::of(&["Deploy"], "Send the traffic"),
                Named::of(&["Deploy"], "Send ${share} of it"),
            ],
            approvals: Vec::new(),
            questions: vec!["Is it a = b?".into()],
            more_questions: false,
        };
        let check = |selected: &[&'static str], approve: &[&str], answer: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            names.check(selected.iter().copied(), &owned(approve), &owned(answer))
        };
        assert_eq!(check(&["deploy/send the traffic"], &[], &["is it a = b?=yes"]), Ok(()));
        assert_eq!(check(&["Deploy/[50%]/Send 50% of it", "Send ${share} of it"], &[], &[]), Ok(()));
        let (message, help) = check(&["Send the trafic"], &[], &[]).unwrap_err();
        assert_eq!(message, "there is no step or phase 'Send the trafic'");
        assert_eq!(help.as_deref(), Some("did you mean 'Send the traffic'?"));
        assert_eq!(check(&[], &["Go"], &[]).unwrap_err().0, "this runbook asks for no approval");
        assert!(check(&[], &[], &["Other?=no"]).is_err());
        assert!(check(&[], &[], &["no answer"]).is_err());
        assert_eq!(check(&[], &[], &["window=open"]), Ok(()));
    }
}
