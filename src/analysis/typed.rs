//! What is typed while a runbook runs: read against the names that are bound at that moment, and lowered to a
//! program of its own that shares the frame of the story.
//!
//! It knows the declarations of the runbook and those that were typed before, and not the story: what is typed is
//! checked in the time that it takes to check one statement. What it binds gets new places behind those of the
//! story, in the order in which it is accepted; so the same texts, accepted in the same order, always get the same.

use std::cell::RefCell;
use std::sync::Arc;

use super::Analysis;
use super::assemble::Story;
use super::declare::Declared;
use super::lower::{Doing, Lower, Place};
use super::modules::{self, declares};
use super::names::FrameNames;
use super::program::{Block, Clauses, Loaded, Loader, Modifiers, NameInfo, Program, Scope, ScopeBody, Stmt, StmtKind};
use crate::catalog::{Effect, Registry};
use crate::diag::{Diagnostic, code};
use crate::eval::expr::SlotId;
use crate::eval::{Expr, ExprKind};
use crate::source::{FileId, Sources, Span};
use crate::syntax::tree::{self, Rhs, ScopeKind, StmtKind as Tree};
use crate::syntax::within;
use crate::value::{Type, Value};

/// Longer titles of what is typed are cut, in characters.
const TITLE: usize = 60;

/// For what a text is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// To be run: statements, declarations, an expression.
    Running,
    /// To be looked at: it must not change anything.
    Looking,
    /// `name = value`, also of a name that `let` bound.
    Setting,
}

/// A name that is bound where something is typed.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Its place.
    pub slot: SlotId,
    /// Whether it is something else than null.
    pub present: bool,
}

/// What was typed.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What runs: the typed statements are its story, and its frame has all names of the story and theirs.
    pub program: Arc<Program>,
    /// An expression whose value is to be shown after that.
    pub shows: Option<Expr>,
    /// The greatest effect of anything in it; `None` if it only computes.
    pub effect: Option<Effect>,
    /// It declares something for what follows, or binds a name.
    pub declares: bool,
    /// The title of the step that it was made, if it was not one.
    pub step: Option<String>,
    text: Arc<str>,
}

/// What is wrong with what was typed.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// What their spans point into.
    pub sources: Arc<Sources>,
}

impl Wrong {
    /// Whether more lines may mend it: something is open at the end of the text.
    pub fn is_unfinished(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.code == &code::UNCLOSED)
    }
}

/// Reads what is typed into one run.
pub struct Typing {
    main: Loaded,
    declarations: Vec<tree::Stmt>,
    loader: Box<dyn Loader>,
    registry: Registry,
    /// Loops and the like of the runbook: the names that they bind are not seen from outside.
    closed: Vec<Span>,
    state: RefCell<State>,
}

struct State {
    /// What is declared so far.
    base: Arc<Program>,
    /// Texts that were accepted.
    texts: Vec<Loaded>,
    /// All names so far.
    names: Vec<NameInfo>,
}

impl std::fmt::Debug for Typing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Typing").field("main", &self.main.name).finish_non_exhaustive()
    }
}

impl Typing {
    /// Over a runbook that was analysed; `loader` gives the very files it was analysed with. `None` if it has errors.
    pub fn new(main: Loaded, analysis: &Analysis, loader: Box<dyn Loader>, registry: Registry) -> Option<Self> {
        let base = analysis.program.clone()?;
        let body = analysis.trees.last().map(|file| file.body.as_slice()).unwrap_or_default();
        let is_declaration = |kind: &Tree| {
            declares(kind) || matches!(kind, Tree::Param(_) | Tree::Env(_) | Tree::Let(_) | Tree::Header(_))
        };
        let declarations = body.iter().filter(|stmt| is_declaration(&stmt.kind)).cloned().collect();
        let names = base.frame.clone();
        let state = RefCell::new(State { base, texts: Vec::new(), names });
        Some(Self { main, declarations, loader, registry, closed: closed(body), state })
    }

    /// All names of the story and of what was accepted, by their places.
    pub fn names(&self) -> Vec<NameInfo> {
        self.state.borrow().names.clone()
    }

    /// The declarations as they are now.
    pub fn base(&self) -> Arc<Program> {
        Arc::clone(&self.state.borrow().base)
    }

    /// Whether a name can be seen from a place, once it is bound.
    pub fn sees(&self, name: &NameInfo, from: Option<Span>) -> bool {
        let within = |outer: &Span, inner: Span| {
            outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
        };
        let hidden = |closed: &Span| within(closed, name.span) && !from.is_some_and(|from| within(closed, from));
        !name.name.starts_with('$') && !name.of_function && !self.closed.iter().any(hidden)
    }

    /// Reads a text against the names that are bound.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self, text: &str, wanted: For, bound: &[Bound]) -> Result<Typed, Wrong> {
        let state = self.state.borrow();
        let mut texts = state.texts.clone();
        let name = format!("typed {}", texts.len() + 1);
        texts.push(Loaded { path: name.clone().into(), name, text: text.into() });
        let mut sources = Sources::default();
        let loader = &*self.loader;
        let (mut modules, statements) =
            modules::load_typed(&self.main, &self.declarations, &texts, loader, &mut sources);
        let sources = Arc::new(sources);
        let newest = sources.iter().find(|(_, file)| file.name == texts[texts.len() - 1].name);
        let newest = newest.map_or(FileId(0), |(id, _)| id);
        let mut found = std::mem::take(&mut modules.diagnostics);
        let declares_anything =
            modules.all[modules.main()].tree.body.iter().any(|stmt| stmt.span.file == newest && declares(&stmt.kind));

        let mut callers = vec![self.main.path.clone()];
        let mut declared = Declared::new(&modules, &sources, loader, self.registry, &mut callers);
        let mut declarations = declared.declarations();
        if declares_anything || state.base.sources.iter().count() == 0 {
            declared.bodies(&mut declarations);
        } else {
            declarations.actions.clone_from(&state.base.actions);
            declarations.checks.clone_from(&state.base.checks);
        }
        let pairs: Vec<(SlotId, bool)> = bound.iter().map(|bound| (bound.slot, bound.present)).collect();
        let is_free = |(slot, info): &(SlotId, &NameInfo)| {
            self.sees(info, None) && !bound.iter().any(|bound| bound.slot == *slot)
        };
        let unbound: Vec<SlotId> = (0..).zip(&state.names).filter(is_free).map(|(slot, _)| slot).collect();
        let mut names = FrameNames::live(state.names.clone(), &pairs, &unbound, wanted == For::Setting);
        let before = names.infos.len();
        let lowered = Lowering { wanted, text }.statements(&mut declared, &mut names, &statements);
        let binds = lowered.binds || names.infos[before..].iter().any(|info| !info.name.starts_with('$'));
        let story = Story { body: lowered.body, frame: names.infos, ..Story::default() };
        let program = declared.assembled(declarations, story);
        let new = declared.into_diagnostics();
        found.extend(new.into_iter().filter(|diagnostic| diagnostic.span().file >= newest));
        found.dedup_by(|a, b| a.span() == b.span() && a.message == b.message);
        if found.iter().any(Diagnostic::is_error) {
            found.retain(Diagnostic::is_error);
            let is_global = |name: &str| state.base.globals.iter().any(|global| *global.name == *name);
            let diagnostics = found.into_iter().map(|found| at_the_prompt(found, &sources, &is_global)).collect();
            return Err(Wrong { diagnostics, sources });
        }
        Ok(Typed {
            program: Arc::new(program),
            shows: lowered.shows,
            effect: lowered.effect,
            declares: declares_anything || binds,
            step: lowered.step,
            text: text.into(),
        })
    }

    /// What was typed is run: its names and declarations are there for what follows.
    pub fn accept(&self, typed: &Typed) {
        if !typed.declares {
            return;
        }
        let mut state = self.state.borrow_mut();
        let name = format!("typed {}", state.texts.len() + 1);
        state.texts.push(Loaded { path: name.clone().into(), name, text: Arc::clone(&typed.text) });
        state.names.clone_from(&typed.program.frame);
        state.base = Arc::clone(&typed.program);
    }
}

/// The spans of what binds names for its inside alone.
fn closed(body: &[tree::Stmt]) -> Vec<Span> {
    let mut found = Vec::new();
    within::each(body, &mut |stmt| {
        let is_closed = match &stmt.kind {
            Tree::For(_) | Tree::Background(_) => true,
            Tree::Scope(scope) => matches!(scope.kind, ScopeKind::Monitor | ScopeKind::Guard),
            _ => false,
        };
        if is_closed {
            found.push(stmt.span);
        }
        true
    });
    found
}

/// What to type at a prompt is not always what to write in a file.
fn at_the_prompt(mut diagnostic: Diagnostic, sources: &Sources, is_global: &dyn Fn(&str) -> bool) -> Diagnostic {
    if diagnostic.code == &code::NOT_ASSIGNABLE || diagnostic.code == &code::DUPLICATE_NAME {
        let name = sources.text(diagnostic.span());
        diagnostic.help = Some(if is_global(name) || matches!(name, "run" | "env" | "environments") {
            format!("give the new value a name of its own: let other_{name} = …")
        } else {
            format!("to give it another value from here on type: set {name} = …")
        });
    }
    diagnostic
}

struct Lowering<'t> {
    wanted: For,
    text: &'t str,
}

#[derive(Default)]
struct Lowered {
    body: Block,
    shows: Option<Expr>,
    effect: Option<Effect>,
    /// It binds a name that has a place already.
    binds: bool,
    step: Option<String>,
}

impl Lowering<'_> {
    fn statements(&self, declared: &mut Declared<'_>, names: &mut FrameNames, statements: &[tree::Stmt]) -> Lowered {
        let main = declared.modules.main();
        let before = names.infos.len();
        names.narrowed.push(rustc_hash::FxHashSet::default());
        let mut lower = Lower::new(declared, main, names);
        let mut out = Lowered::default();
        let mut body = Vec::new();
        let structured = statements.iter().any(holds_scope);
        let place = match self.wanted {
            For::Looking => Place { doing: Doing::Observing("look"), in_step: true, ..lower.place },
            For::Running | For::Setting if structured => lower.place,
            For::Running | For::Setting => Place { doing: Doing::Step, in_step: true, ..lower.place },
        };
        for (at, stmt) in statements.iter().enumerate() {
            let is_last = at + 1 == statements.len();
            lower.at(place, |lower| match &stmt.kind {
                Tree::Value(Rhs::Expr(expr)) if is_last => {
                    let (value, ty) = lower.expr(expr);
                    body.append(&mut lower.before);
                    out.shows = (ty != Type::Null).then_some(value);
                }
                Tree::Value(Rhs::Expr(expr)) if self.wanted == For::Looking => drop(lower.expr(expr)),
                Tree::Assign(_) | Tree::Value(_) => lower.statement(stmt, &mut body),
                Tree::Header(_) | Tree::Param(_) | Tree::Env(_) | Tree::Test(_) => {
                    let help = "it belongs into the file: put it there, and run that";
                    lower.misplaced(stmt.span, "a run that goes on takes no more of these", help);
                }
                _ => lower.statement(stmt, &mut body),
            });
        }
        out.effect = lower.effect;
        out.binds = statements.iter().any(|stmt| matches!(stmt.kind, Tree::Let(_) | Tree::Var(_) | Tree::Assign(_)));
        let pure = super::pure::is_pure(&body);
        let changes = out.effect.is_some_and(Effect::is_changing);
        out.body = if changes && !structured {
            let binds = (before..names.infos.len()).filter_map(|slot| SlotId::try_from(slot).ok()).collect();
            let span = statements.first().map_or(Span::new(FileId(0), 0, 0), |stmt| stmt.span);
            out.step = Some(title(self.text));
            let step = self.step(Block { body, pure }, out.effect, binds, span);
            Block { body: vec![Stmt { kind: StmtKind::Scope(Arc::new(step)), span }], pure: false }
        } else {
            Block { body, pure }
        };
        out
    }

    /// What changes something is a step, so that it is told and counted like one.
    fn step(&self, body: Block, effect: Option<Effect>, binds: Vec<SlotId>, span: Span) -> Scope {
        let title = title(self.text);
        Scope {
            kind: ScopeBody::Step(body),
            title: Expr { kind: ExprKind::Const(Value::str(title.as_str())), span },
            name: title.into(),
            modifiers: Modifiers::default().into(),
            clauses: Clauses::default(),
            effect,
            binds,
            uses: Vec::new(),
            verdict: None,
            span,
        }
    }
}

/// What a typed text is called.
pub fn title(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(TITLE).collect();
    if cut.len() < line.len() { format!("{cut}…") } else { line }
}

/// Whether a step, a check and their like stand in it: then it is a piece of a story, and not of a step.
fn holds_scope(stmt: &tree::Stmt) -> bool {
    let mut found = false;
    within::each(std::slice::from_ref(stmt), &mut |stmt| {
        found |= matches!(
            stmt.kind,
            Tree::Scope(_)
                | Tree::CheckUse(_)
                | Tree::Background(_)
                | Tree::Checklist(_)
                | Tree::Confirm(_)
                | Tree::Manual(_)
                | Tree::Choose(_)
                | Tree::Approve(_)
                | Tree::Call(_)
        );
        !found
    });
    found
}
