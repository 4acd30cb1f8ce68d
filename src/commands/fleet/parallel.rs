//! Runs work for all environments on all cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::fleet::Environment;
use crate::ui::Ui;

/// Runs `work` for each environment and returns the results in the order of the environments.
pub(super) fn each<T: Send>(environments: &[Environment], ui: &Ui, work: impl Fn(&Environment) -> T + Sync) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(1, usize::from).min(environments.len().max(1));
    let next = AtomicUsize::new(0);
    let bar = ui.progress(environments.len());
    let results: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(environments.len()));
    let worker = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(environment) = environments.get(at) else { break };
            let result = work(environment);
            bar.set_message(environment.name.clone());
            bar.inc(1);
            if let Ok(mut results) = results.lock() {
                results.push((at, result));
            }
        }
    };
    thread::scope(|scope| {
        (1..cores).for_each(|_| drop(scope.spawn(worker)));
        worker();
    });
    bar.finish_and_clear();
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
