//! Time in which nothing happens takes none: the clock stands still while the world works, and jumps to the next thing
//! that somebody waits for when nobody works.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use rbk::host::Cancel;
use tokio::sync::oneshot;

/// What works longer than this hangs: the clock goes on beside it. Long, since a busy machine is slow; the tools of the
/// world say it when they hang.
const HANGS: Duration = Duration::from_secs(60);

type Event = Box<dyn FnOnce()>;

/// See the module.
#[derive(Default)]
pub(crate) struct Clock {
    now: Cell<Duration>,
    busy: Cell<usize>,
    next: Cell<u64>,
    /// By when, and in the order in which they came.
    sleepers: RefCell<BTreeMap<(Duration, u64), oneshot::Sender<()>>>,
    events: RefCell<BTreeMap<(Duration, u64), Event>>,
}

/// Something works as long as this lives.
pub(crate) struct Working(Rc<Clock>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
    }
}

impl Clock {
    pub(crate) fn now(&self) -> Duration {
        self.now.get()
    }

    pub(crate) fn work(self: &Rc<Self>) -> Working {
        self.busy.set(self.busy.get() + 1);
        Working(Rc::clone(self))
    }

    fn place(&self, after: Duration) -> (Duration, u64) {
        self.next.set(self.next.get() + 1);
        (self.now() + after, self.next.get())
    }

    /// Something that happens in the world by itself.
    pub(crate) fn at(&self, after: Duration, event: impl FnOnce() + 'static) {
        let place = self.place(after);
        self.events.borrow_mut().insert(place, Box::new(event));
    }

    /// Time passes between two runs.
    pub(crate) fn pass(&self, duration: Duration) {
        self.now.set(self.now() + duration);
    }

    pub(crate) async fn sleep(&self, duration: Duration, cancel: &Cancel) {
        if duration.is_zero() {
            return tokio::task::yield_now().await;
        }
        let (wakes, woken) = oneshot::channel();
        let place = self.place(duration);
        self.sleepers.borrow_mut().insert(place, wakes);
        tokio::select! {
            _ = woken => {}
            () = cancel.cancelled() => {}
        }
        self.sleepers.borrow_mut().remove(&place);
    }

    /// Lets time pass for as long as it is polled.
    pub(crate) async fn run(self: Rc<Self>) {
        loop {
            let began = std::time::Instant::now();
            // Whoever can go on does, before anything else happens.
            let mut quiet = 0;
            let works = || self.busy.get() > 0 && began.elapsed() < HANGS;
            // Somebody may have begun to work while the last of the others had their turn.
            while quiet < 8 || works() {
                if works() {
                    quiet = 0;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                } else {
                    quiet += 1;
                    tokio::task::yield_now().await;
                }
            }
            if !self.jump() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    /// To the next sleeper or event. Tells whether there was one.
    fn jump(&self) -> bool {
        self.sleepers.borrow_mut().retain(|_, sleeper| !sleeper.is_closed());
        let first = |place: Option<(Duration, u64)>| place.unwrap_or((Duration::MAX, u64::MAX));
        let sleeper = first(self.sleepers.borrow().keys().next().copied());
        let event = first(self.events.borrow().keys().next().copied());
        let next = sleeper.min(event);
        if next.0 == Duration::MAX || sleeper.0 == Duration::MAX {
            // Nobody waits, so that nothing needs to happen.
            return false;
        }
        self.now.set(self.now().max(next.0));
        if event < sleeper {
            let happens = self.events.borrow_mut().remove(&event);
            happens.into_iter().for_each(|happens| happens());
        } else if let Some(sleeper) = self.sleepers.borrow_mut().remove(&sleeper) {
            let _ = sleeper.send(());
        }
        true
    }
}
