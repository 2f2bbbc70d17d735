//! The files of a program: the runbook, what it uses, and what those use; each read once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::program::{Loaded, Loader};
use crate::diag::{Diagnostic, code, did_you_mean};
use crate::source::{FileId, Sources, Span};
use crate::syntax::{self, Parsed, tree};

/// Where the path of a `use` or `call` leads.
pub(super) const PATHS: &str = "a path begins at the folder of this file; the project's root is the nearest folder above it \
                                with an rbk.toml or a .git";

/// Deeper than any project nests its modules.
const MAX_DEPTH: usize = 64;

/// One file.
pub(super) struct Module {
    pub(super) tree: tree::File,
    /// What its `use` lines bring in.
    pub(super) uses: Vec<Used>,
    pub(super) path: PathBuf,
}

/// One `use` line that was found.
pub(super) struct Used {
    pub(super) module: usize,
    /// The name its things are called by; `None` if they are called by their own.
    pub(super) name: Option<Arc<str>>,
    pub(super) span: Span,
}

/// All files, those that are used before those that use them.
pub(super) struct Modules {
    pub(super) all: Vec<Module>,
    pub(super) diagnostics: Vec<Diagnostic>,
    by_path: HashMap<PathBuf, usize>,
    open: Vec<PathBuf>,
}

/// Reads a runbook and everything it uses. The runbook is the last.
pub(super) fn load(main: Loaded, loader: &dyn Loader, sources: &mut Sources) -> Modules {
    let mut modules = Modules { all: Vec::new(), diagnostics: Vec::new(), by_path: HashMap::new(), open: Vec::new() };
    modules.add(main, None, loader, sources);
    modules
}

/// The same for what is typed in the middle of a run: `main` with its declarations, those that were typed before, and
/// the newest text. Gives also the statements of that one.
pub(super) fn load_typed(
    main: &Loaded,
    declarations: &[tree::Stmt],
    typed: &[Loaded],
    loader: &dyn Loader,
    sources: &mut Sources,
) -> (Modules, Vec<tree::Stmt>) {
    let mut modules = Modules { all: Vec::new(), diagnostics: Vec::new(), by_path: HashMap::new(), open: Vec::new() };
    let id = sources.add(main.name.clone(), Arc::clone(&main.text));
    modules.open.push(main.path.clone());
    let mut uses = modules.uses(declarations, &main.path, loader, sources);
    let mut body = declarations.to_vec();
    let mut newest = Vec::new();
    for text in typed {
        let id = sources.add(text.name.clone(), Arc::clone(&text.text));
        let parsed = syntax::parse(id, &text.text);
        // What was wrong with the older ones was said then.
        modules.diagnostics = parsed.diagnostics;
        let (declared, statements): (Vec<_>, Vec<_>) =
            parsed.file.body.into_iter().partition(|stmt| declares(&stmt.kind));
        uses.extend(modules.uses(&declared, &main.path, loader, sources));
        body.extend(declared);
        newest = statements;
    }
    modules.open.pop();
    modules.by_path.insert(main.path.clone(), modules.all.len());
    let tree = tree::File { id, body, comments: Vec::new() };
    modules.all.push(Module { tree, uses, path: main.path.clone() });
    (modules, newest)
}

/// Whether a statement declares something for the whole runbook that may also be typed.
pub(super) const fn declares(kind: &tree::StmtKind) -> bool {
    use tree::StmtKind as Kind;
    matches!(kind, Kind::Use(_) | Kind::Secret(_) | Kind::Action(_) | Kind::CheckDecl(_) | Kind::Fn(_))
}

/// The tree of a module of the standard library. That is the same for every runbook, so each thread reads it once.
fn parsed_once(id: FileId, text: &'static str) -> Parsed {
    thread_local! {
        static READ: RefCell<HashMap<(FileId, &'static str), Parsed>> = RefCell::default();
    }
    READ.with_borrow_mut(|read| read.entry((id, text)).or_insert_with(|| syntax::parse(id, text)).clone())
}

impl Modules {
    /// The index of the module, and its file.
    fn add(&mut self, loaded: Loaded, std: Option<&'static str>, loader: &dyn Loader, sources: &mut Sources) -> usize {
        let id = sources.add(loaded.name, Arc::clone(&loaded.text));
        let parsed = std.map_or_else(|| syntax::parse(id, &loaded.text), |text| parsed_once(id, text));
        self.diagnostics.extend(parsed.diagnostics);
        self.open.push(loaded.path.clone());
        let uses = self.uses(&parsed.file.body, &loaded.path, loader, sources);
        self.open.pop();
        let index = self.all.len();
        self.by_path.insert(loaded.path.clone(), index);
        self.all.push(Module { tree: parsed.file, uses, path: loaded.path });
        index
    }

    fn uses(&mut self, body: &[tree::Stmt], from: &Path, loader: &dyn Loader, sources: &mut Sources) -> Vec<Used> {
        let mut uses = Vec::new();
        for stmt in body {
            if let tree::StmtKind::Use(used) = &stmt.kind {
                uses.extend(self.used(used, stmt.span, from, loader, sources));
            }
        }
        uses
    }

    fn used(
        &mut self,
        used: &tree::Use,
        span: Span,
        from: &Path,
        loader: &dyn Loader,
        sources: &mut Sources,
    ) -> Option<Used> {
        let alias = used.alias.as_ref().map(|alias| Arc::clone(&alias.name));
        match &used.source {
            tree::UseSource::Std(path) => {
                let name: String = path.segments.iter().map(|part| &*part.name).collect::<Vec<_>>().join(".");
                let last = path.segments.last().map(|part| Arc::clone(&part.name));
                let Some(text) = loader.std(&name) else {
                    let names = loader.std_names();
                    let near = did_you_mean(&name, names.iter().copied());
                    let help = near.map_or_else(
                        || format!("there are: {}", names.join(", ")),
                        |near| format!("did you mean `use {near}`?"),
                    );
                    let message = format!("there is no module `{name}` in the standard library");
                    self.diagnostics.push(Diagnostic::error(&code::NO_MODULE, path.span, message, "").help(help));
                    return None;
                };
                let path = PathBuf::from(&name);
                let module = match self.by_path.get(&path) {
                    Some(module) => *module,
                    None => self.add(Loaded { name, path, text: text.into() }, Some(text), loader, sources),
                };
                Some(Used { module, name: alias.or(last), span })
            }
            tree::UseSource::File(literal) => {
                let Some(path) = literal.as_plain() else {
                    let message = "the file of a `use` is read before anything runs: it can hold no value";
                    self.diagnostics.push(Diagnostic::error(
                        &code::NO_MODULE,
                        literal.span,
                        message,
                        "write the path out",
                    ));
                    return None;
                };
                let module = self.file(&path, literal.span, from, loader, sources)?;
                Some(Used { module, name: alias, span })
            }
        }
    }

    fn file(
        &mut self,
        path: &str,
        span: Span,
        from: &Path,
        loader: &dyn Loader,
        sources: &mut Sources,
    ) -> Option<usize> {
        let loaded = match loader.file(from, path) {
            Ok(loaded) => loaded,
            Err(why) => {
                self.diagnostics.push(Diagnostic::error(&code::NO_MODULE, span, why, "").help(PATHS));
                return None;
            }
        };
        if let Some(module) = self.by_path.get(&loaded.path) {
            return Some(*module);
        }
        if self.open.contains(&loaded.path) || self.open.len() > MAX_DEPTH {
            let chain: Vec<String> = self.open.iter().map(|path| path.display().to_string()).collect();
            let message = "these files use each other in a circle";
            let help = format!("take one of these `use` lines out: {} → {}", chain.join(" → "), loaded.path.display());
            self.diagnostics
                .push(Diagnostic::error(&code::NO_MODULE, span, message, "this closes the circle").help(help));
            return None;
        }
        Some(self.add(loaded, None, loader, sources))
    }

    /// The runbook itself.
    pub(super) fn main(&self) -> usize {
        self.all.len() - 1
    }

    pub(super) fn file_id(&self, module: usize) -> FileId {
        self.all[module].tree.id
    }
}
