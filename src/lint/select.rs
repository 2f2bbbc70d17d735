//! Which rules are asked.

use super::{find, is_analysis_code, nearest};
use crate::diag::Code;

/// The rules that are asked: all of them, or those selected; without those ignored.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    select: Vec<String>,
    ignore: Vec<String>,
    environment: Option<String>,
}

/// A name that is no rule's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRule {
    /// As it was given.
    pub name: String,
    /// What may have been meant.
    pub nearest: Option<&'static str>,
}

impl UnknownRule {
    /// In words.
    pub fn message(&self) -> String {
        format!("there is no rule `{}`", self.name)
    }

    /// What to type instead.
    pub fn help(&self) -> String {
        self.nearest.map_or_else(
            || "`rbk explain lint` lists all rules".to_owned(),
            |near| format!("did you mean `{near}`? `rbk explain lint` lists all rules"),
        )
    }
}

impl Selection {
    /// Only those in `select` (all if it is empty), without those in `ignore`. Names or codes; `RBK03` stands for all
    /// codes that begin so.
    ///
    /// # Errors
    /// The first name that is no rule's.
    pub fn new(select: &[String], ignore: &[String]) -> Result<Self, UnknownRule> {
        for name in select.iter().chain(ignore) {
            if !is_known(name) {
                return Err(UnknownRule { name: name.clone(), nearest: nearest(name) });
            }
        }
        Ok(Self { select: select.to_vec(), ignore: ignore.to_vec(), environment: None })
    }

    /// The same with more of them ignored.
    #[must_use]
    pub fn without(&self, ignore: &[String]) -> Self {
        let mut more = self.clone();
        more.ignore.extend_from_slice(ignore);
        more
    }

    /// The same for one environment only; all of them if `None`.
    #[must_use]
    pub fn in_environment(self, name: Option<&str>) -> Self {
        Self { environment: name.map(str::to_owned), ..self }
    }

    /// The environment that is looked at, if it is one.
    pub fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    /// Whether what has this code is told.
    pub fn takes(&self, code: &Code) -> bool {
        let names = |name: &String| is_named(code, name);
        (self.select.is_empty() || self.select.iter().any(names)) && !self.ignore.iter().any(names)
    }
}

/// Whether a name or the beginning of a code is one of ours.
pub(super) fn is_known(name: &str) -> bool {
    find(name).is_some() || is_analysis_code(name) || is_prefix(name)
}

fn is_prefix(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper.len() >= 3 && super::rules().iter().any(|rule| rule.code.id.starts_with(&upper))
}

fn is_named(code: &Code, name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    code.name.eq_ignore_ascii_case(name) || (upper.starts_with("RBK") && code.id.starts_with(&upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn selects_by_name_code_and_beginning() {
        let rule = &super::super::rules()[0].code;
        let takes =
            |select: &[&str], ignore: &[&str]| Selection::new(&names(select), &names(ignore)).unwrap().takes(rule);
        assert!(takes(&[], &[]));
        assert!(takes(&[rule.name], &[]) && takes(&[rule.id], &[]) && takes(&["rbk03"], &[]));
        assert!(!takes(&["raw"], &[]) && !takes(&[], &[rule.id]) && !takes(&[], &["RBK03"]));
        assert!(!takes(&[rule.name], &[rule.name]));
        let wrong = Selection::new(&names(&["no-way-bak"]), &[]).unwrap_err();
        assert!(wrong.help().contains("no-way-back"), "{wrong:?}");
    }
}
