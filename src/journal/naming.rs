//! How a run is named by people: its id, a prefix of it, `@latest`, `@-2`.

use super::store::StoreError;

/// A name that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named<'n> {
    /// So many runs before the newest.
    Back(usize),
    /// An id or its beginning.
    Prefix(&'n str),
}

impl<'n> Named<'n> {
    pub(super) fn read(name: &'n str) -> Result<Self, StoreError> {
        let Some(word) = name.strip_prefix('@') else {
            return if name.is_empty() { Err(unknown(name)) } else { Ok(Self::Prefix(name)) };
        };
        if word == "latest" {
            return Ok(Self::Back(0));
        }
        match word.strip_prefix('-').map(str::parse) {
            Some(Ok(back)) => Ok(Self::Back(back)),
            _ => Err(StoreError::NoSuchRun {
                message: format!("`{name}` names no run"),
                help: Some("@latest is the newest, @-1 the one before it; or type the beginning of an id".into()),
            }),
        }
    }
}

/// The one that a prefix means, out of the ids that begin with it. Their order is kept in the message.
pub(super) fn only_one<'i>(prefix: &str, mut ids: Vec<&'i str>) -> Result<&'i str, StoreError> {
    if let Some(exact) = ids.iter().find(|id| **id == prefix) {
        return Ok(exact);
    }
    match ids.len() {
        0 => Err(unknown(prefix)),
        1 => Ok(ids.remove(0)),
        count => {
            let mut list = ids[..count.min(4)].join(", ");
            if count > 4 {
                list += ", …";
            }
            Err(StoreError::NoSuchRun {
                message: format!("{count} runs begin with `{prefix}`: {list}"),
                help: Some("type more of it".into()),
            })
        }
    }
}

pub(super) fn unknown(name: &str) -> StoreError {
    StoreError::NoSuchRun {
        message: format!("there is no run `{name}` in this journal"),
        help: Some("rbk runs lists them".into()),
    }
}

/// There are not that many.
pub(super) fn too_far_back(back: usize, count: usize) -> StoreError {
    let message = match count {
        0 => "there is no run in this journal yet".to_owned(),
        1 => format!("`@-{back}` is further back than the journal goes: it has one run"),
        _ => format!("`@-{back}` is further back than the journal goes: it has {count} runs"),
    };
    StoreError::NoSuchRun { message, help: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(Named::read("@latest").ok(), Some(Named::Back(0)));
        assert_eq!(Named::read("@-2").ok(), Some(Named::Back(2)));
        assert_eq!(Named::read("0199").ok(), Some(Named::Prefix("0199")));
        for wrong in ["", "@", "@2", "@--1", "@-x", "@-99999999999999999999"] {
            assert!(Named::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_prefix_must_mean_one() {
        assert_eq!(only_one("01", vec!["012"]).ok(), Some("012"));
        assert_eq!(only_one("01", vec!["01", "012"]).ok(), Some("01"));
        let error = only_one("0", vec!["05", "04", "03", "02", "01"]).unwrap_err();
        assert_eq!(error.to_string(), "5 runs begin with `0`: 05, 04, 03, 02, …");
        assert_eq!(only_one("7", vec![]).unwrap_err().to_string(), "there is no run `7` in this journal");
    }
}
