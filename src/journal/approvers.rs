//! Who may approve: kept with the question, so that whoever answers from elsewhere is held to the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Groups of people by name, as the project's settings list them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(BTreeMap<String, Vec<String>>);

impl Groups {
    /// Of names, each with its members: people, or groups in their turn. A leading `@` means nothing.
    pub fn new(groups: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        Self(groups.into_iter().map(|(name, members)| (bare(&name).to_owned(), members)).collect())
    }

    /// The people that a name stands for. `None`: it is said to be a group (`@ops`), and nobody lists it.
    fn people(&self, name: &str) -> Option<BTreeSet<String>> {
        let (mut people, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            match self.0.get(bare(&name)) {
                Some(members) if seen.insert(bare(&name).to_owned()) => open.extend(members.iter().cloned()),
                Some(_) => {}
                None if name.starts_with('@') => return None,
                None => drop(people.insert(name)),
            }
        }
        Some(people)
    }
}

fn bare(name: &str) -> &str {
    name.strip_prefix('@').unwrap_or(name)
}

/// Who may approve something, and who may not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvers {
    /// As the runbook names them; anybody if it is empty.
    pub named: Vec<String>,
    /// The people that these are. `None`: anybody, or a group is among them that nobody lists.
    pub people: Option<Vec<String>>,
    /// Those of `named` that nobody lists: whoever says to be of them is taken at their word.
    pub unlisted: Vec<String>,
    /// Who may not, and why: "started the run".
    pub barred: Vec<(String, String)>,
}

impl Approvers {
    /// Those that a runbook names.
    pub fn new(named: Vec<String>, groups: &Groups) -> Self {
        let (mut people, mut unlisted) = (BTreeSet::new(), Vec::new());
        for name in &named {
            match groups.people(name) {
                Some(some) => people.extend(some),
                None => unlisted.push(name.clone()),
            }
        }
        let people = (!named.is_empty() && unlisted.is_empty()).then(|| people.into_iter().collect());
        Self { named, people, unlisted, barred: Vec::new() }
    }

    /// Somebody who may not, and why.
    pub fn bar(&mut self, who: &str, why: &str) {
        if !self.barred.iter().any(|(known, _)| known == who) {
            self.barred.push((who.to_owned(), why.to_owned()));
        }
    }

    /// Why somebody may not approve; nothing if they may.
    pub fn refuse(&self, who: &str) -> Option<String> {
        if let Some((_, why)) = self.barred.iter().find(|(barred, _)| barred == who) {
            return Some(format!("{who} {why}: somebody else must approve"));
        }
        let people = self.people.as_ref().filter(|people| !people.iter().any(|one| one == who))?;
        let named = self.named.join(", ");
        Some(match people.as_slice() {
            people if people == self.named => format!("{who} is not among those who may: {named}"),
            [] => format!("nobody is of {named}: rbk.toml lists no member"),
            people => format!("{who} is not of {named}: {}", people.join(", ")),
        })
    }

    /// What to read before answering.
    pub fn details(&self) -> Vec<String> {
        let mut details = Vec::new();
        if !self.named.is_empty() {
            details.push(format!("by {}", self.named.join(", ")));
        }
        if !self.unlisted.is_empty() {
            let unlisted = self.unlisted.join(", ");
            details.push(format!("nobody checks who is of {unlisted}: rbk.toml has no such group"));
        }
        details.extend(self.barred.iter().map(|(who, why)| format!("not by {who}, who {why}")));
        details
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> Groups {
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        Groups::new([
            ("release".to_owned(), list(&["ada", "@leads"])),
            ("@leads".to_owned(), list(&["grace", "@release"])),
            ("@empty".to_owned(), Vec::new()),
        ])
    }

    fn of(named: &[&str]) -> Approvers {
        Approvers::new(named.iter().map(ToString::to_string).collect(), &groups())
    }

    #[test]
    fn members_of_members_may_and_circles_end() {
        let release = of(&["@release"]);
        assert_eq!(release.refuse("ada"), None);
        assert_eq!(release.refuse("grace"), None);
        assert_eq!(release.refuse("eve").as_deref(), Some("eve is not of @release: ada, grace"));
        assert_eq!(of(&["eve"]).refuse("ada").as_deref(), Some("ada is not among those who may: eve"));
        assert!(of(&["@empty"]).refuse("ada").unwrap().contains("lists no member"));
    }

    #[test]
    fn a_group_that_nobody_lists_is_said_to_be_unchecked() {
        let unknown = of(&["@nowhere", "ada"]);
        assert_eq!(unknown.refuse("eve"), None);
        assert!(unknown.details()[1].contains("nobody checks who is of @nowhere"));
    }

    #[test]
    fn who_is_barred_may_not_though_named() {
        let mut release = of(&["@release"]);
        release.bar("ada", "started the run");
        assert_eq!(release.refuse("ada").as_deref(), Some("ada started the run: somebody else must approve"));
        let mut anybody = of(&[]);
        anybody.bar("ada", "started the run");
        assert!(anybody.refuse("ada").is_some() && anybody.refuse("eve").is_none());
    }
}
