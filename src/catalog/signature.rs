//! The form of a call, the same for native actions and for those written in rbk.

use std::sync::Arc;

use super::Effect;
use crate::value::Type;

/// What a caller must know.
#[derive(Clone, Debug)]
pub struct Signature {
    /// As it is called: `http.get`.
    pub name: Arc<str>,
    /// In the order in which they may be given without a name.
    pub params: Vec<ParamSignature>,
    /// What it does to the world.
    pub effect: Effect,
    /// What it returns.
    pub returns: Type,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct ParamSignature {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
    /// Whether it may be left out.
    pub optional: bool,
}
