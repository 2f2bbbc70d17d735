//! What most statements have none of: a pointer where it is there, and nothing but that where it is not.
//!
//! A large file is slow to read for the memory that it fills rather than for the work.

use std::ops::{Deref, DerefMut};

/// A type with a value that says nothing.
pub trait Empty: Default + 'static {
    /// That value.
    const EMPTY: &'static Self;
}

/// A `T` that is [`Empty::EMPTY`] until something in it is set.
#[derive(Clone, Debug)]
pub struct Seldom<T>(Option<Box<T>>);

impl<T> Seldom<T> {
    /// Whether nothing in it was ever set.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl<T> Default for Seldom<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> From<T> for Seldom<T> {
    fn from(value: T) -> Self {
        Self(Some(Box::new(value)))
    }
}

impl<T: Empty> Deref for Seldom<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::EMPTY)
    }
}

impl<T: Empty> DerefMut for Seldom<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}
