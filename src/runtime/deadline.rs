//! Wall-clock deadlines over whole scopes. Their clock stands still while a person is asked.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::host::{Cancel, Host};

/// The time a scope may take, within that of the scopes around it.
#[derive(Debug)]
pub(super) struct Deadline {
    limit: Duration,
    begun: Duration,
    stood_still: Cell<Duration>,
    still_since: Cell<Option<Duration>>,
    asking: Cell<u32>,
    changed: Notify,
    outer: Option<Rc<Deadline>>,
}

impl Deadline {
    /// One that begins at `now` of the host's monotonic clock.
    pub(super) fn new(limit: Duration, now: Duration, outer: Option<Rc<Deadline>>) -> Rc<Self> {
        Rc::new(Self {
            limit,
            begun: now,
            stood_still: Cell::default(),
            still_since: Cell::default(),
            asking: Cell::default(),
            changed: Notify::new(),
            outer,
        })
    }

    /// What is left of this one and those around it, whichever ends first.
    pub(super) fn left(&self, now: Duration) -> Duration {
        let own = self.own_left(now);
        self.outer.as_ref().map_or(own, |outer| own.min(outer.left(now)))
    }

    fn own_left(&self, now: Duration) -> Duration {
        let still = self.still_since.get().map_or(Duration::ZERO, |since| now.saturating_sub(since));
        let counted = now.saturating_sub(self.begun).saturating_sub(self.stood_still.get() + still);
        self.limit.saturating_sub(counted)
    }

    /// Returns when it has passed.
    pub(super) async fn passed(&self, host: &dyn Host) {
        let never = Cancel::new();
        loop {
            if self.asking.get() > 0 {
                self.changed.notified().await;
                continue;
            }
            let left = self.own_left(host.monotonic());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = host.sleep(left, &never) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Stops the clock of this one and those around it until the guard is dropped.
    pub(super) fn stand_still(self: &Rc<Self>, host: &Rc<dyn Host>) -> StandingStill {
        let mut all = vec![Rc::clone(self)];
        while let Some(outer) = all.last().and_then(|last| last.outer.clone()) {
            all.push(outer);
        }
        let now = host.monotonic();
        for deadline in &all {
            if deadline.asking.replace(deadline.asking.get() + 1) == 0 {
                deadline.still_since.set(Some(now));
                deadline.changed.notify_waiters();
                deadline.changed.notify_one();
            }
        }
        StandingStill { all, host: Rc::clone(host) }
    }
}

/// While it lives, the clocks of its deadlines stand still.
pub(super) struct StandingStill {
    all: Vec<Rc<Deadline>>,
    host: Rc<dyn Host>,
}

impl Drop for StandingStill {
    fn drop(&mut self) {
        let now = self.host.monotonic();
        for deadline in &self.all {
            deadline.asking.set(deadline.asking.get() - 1);
            if deadline.asking.get() == 0
                && let Some(since) = deadline.still_since.take()
            {
                deadline.stood_still.set(deadline.stood_still.get() + now.saturating_sub(since));
                deadline.changed.notify_one();
            }
        }
    }
}
