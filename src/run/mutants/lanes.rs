//! Work on many things at once, in as many threads as wanted: what comes out does not depend on how many there are.
//! It does not know what is worked on.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does `work` on each of `items` with so many threads; the results are in the order of the items.
///
/// # Panics
/// If the work on one of them does.
pub fn work_through<I: Sync, R: Send>(
    items: &[I],
    jobs: usize,
    work: impl Fn(&I) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(place) else { return };
                    let result = work(item);
                    done.lock().expect("no thread panics while it holds the results")[place] =
                        Some(result);
                }
            });
        }
    });
    let done = done.into_inner().expect("no thread panics while it holds the results");
    done.into_iter().map(|one| one.expect("every item is worked on")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    use std::thread;
    use std::time::Duration;

    use super::work_through;

    #[test]
    fn results_come_in_the_order_of_the_items_however_many_threads_there_are() {
        let items: Vec<u64> = (0..40).collect();
        let slow = |item: &u64| {
            thread::sleep(Duration::from_millis(if item.is_multiple_of(7) { 3 } else { 0 }));
            item * 2
        };
        let expected: Vec<u64> = (0..40).map(|item| item * 2).collect();
        for jobs in [0, 1, 3, 100] {
            assert_eq!(work_through(&items, jobs, slow), expected, "{jobs} jobs");
        }
        assert_eq!(work_through(&[], 4, slow), [0; 0]);
    }

    #[test]
    fn several_threads_work_at_once() {
        let seen = Mutex::new(BTreeSet::new());
        work_through(&[(); 8], 4, |()| {
            seen.lock().unwrap().insert(format!("{:?}", thread::current().id()));
            thread::sleep(Duration::from_millis(5));
        });
        assert!(seen.into_inner().unwrap().len() > 1);
    }
}
