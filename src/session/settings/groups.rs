//! `[groups]`: who is meant by `by ["@release-managers"]`.

use super::Reader;
use crate::journal::Groups;

/// Reads the table out of the whole file.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Groups {
    let all = reader.within("groups").into_iter();
    Groups::new(all.map(|(name, members)| (name, members.into_iter().map(|(member, _)| member).collect())))
}
