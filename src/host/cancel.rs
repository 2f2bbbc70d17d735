//! Asking work to end.

use tokio_util::sync::CancellationToken;

/// A wish that work ends, seen by everything begun under it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(CancellationToken);

impl Cancel {
    /// Nothing is cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that ends with this one, and can be ended before it.
    #[must_use]
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }

    /// Asks. There is no way back.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether it was asked.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Returns when it is asked.
    pub async fn cancelled(&self) {
        self.0.cancelled().await;
    }
}
