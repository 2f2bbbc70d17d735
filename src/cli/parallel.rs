//! Many files at once, on as many threads as there are cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One thread starts as fast as a few files are read.
const FILES_A_THREAD: usize = 8;

/// Enough for the deepest tree in a build without optimisation, in bytes. Only what is used of it takes memory.
const STACK: usize = 16 << 20;

/// Calls `f` with each number below `count`, on several threads; the results in order.
pub(super) fn in_parallel<T: Send>(count: usize, f: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cores.min(count.div_ceil(FILES_A_THREAD)).max(1);
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(count));
    let work = || {
        let mut own = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                break;
            }
            own.push((at, f(at)));
        }
        if let Ok(mut done) = done.lock() {
            done.append(&mut own);
        }
    };
    std::thread::scope(|scope| {
        let started =
            (0..threads).filter(|_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).is_ok());
        // Where there is no thread to be had, this one does it.
        if started.count() == 0 {
            work();
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::in_parallel;

    #[test]
    fn results_keep_their_order() {
        let squares = in_parallel(1000, &|at| at * at);
        assert_eq!(squares, (0..1000).map(|at| at * at).collect::<Vec<_>>());
        assert!(in_parallel(0, &|at| at).is_empty());
    }
}
