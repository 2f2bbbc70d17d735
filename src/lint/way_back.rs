//! Whether what a call changes can be taken back.

use std::sync::Arc;

use crate::analysis::program::{Act, Callee, UserAction};
use crate::analysis::within::acts;
use crate::catalog::Inverse;

/// Deeper than actions call each other; one that calls itself ends here.
const MAX_DEPTH: usize = 8;

/// Whether a call changes something, and nothing of its own takes that back.
pub(crate) fn has_no_way_back(act: &Act, actions: &[Arc<UserAction>]) -> bool {
    fn deep(act: &Act, actions: &[Arc<UserAction>], depth: usize) -> bool {
        act.effect.is_changing()
            && match &act.callee {
                Callee::Command(_) => true,
                Callee::Native(action, _) => matches!(action.inverse, Inverse::None(_)),
                Callee::User(index, _) => actions.get(*index as usize).is_none_or(|action| {
                    depth < MAX_DEPTH
                        && action.undo.is_none()
                        && acts(&action.body).into_iter().any(|inner| deep(inner, actions, depth + 1))
                }),
            }
    }
    deep(act, actions, 0)
}
