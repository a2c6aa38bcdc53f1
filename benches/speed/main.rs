//! How fast everything is: the queue, a run, its judgement, and what is made of either. What is counted beside the time (actions, facts,
//! bytes, candidates) is printed, so that a slower machine does not look like a slower program. It holds no bar; `docs/performance.md` says what came out.

mod check;
mod engine;
mod generate;
mod overhead;
mod queues;
mod rooms;
mod run;
mod shrink;

use criterion::{criterion_group, criterion_main};
use mimalloc::MiMalloc;

/// The same as in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

criterion_group!(
    benches,
    engine::all,
    run::all,
    check::all,
    generate::all,
    shrink::all,
    overhead::all
);
criterion_main!(benches);
