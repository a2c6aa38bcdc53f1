//! Figures that are no averages over many iterations: an action beside the bare queue, and rooms of up to a hundred thousand devices.
//! It holds no bar; `docs/performance.md` says what came out. With `--test` everything is done once and small.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod clock;
mod crowd;
mod judging;
mod ratio;
mod scale;

use mimalloc::MiMalloc;

/// The same as in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_smoke = arguments.iter().any(|argument| argument == "--test");
    let named: Vec<&String> = arguments.iter().filter(|name| !name.starts_with('-')).collect();
    let wants = |name: &str| named.is_empty() || named.iter().any(|wanted| name.contains(*wanted));
    if wants("ratio") {
        ratio::print(is_smoke);
    }
    if wants("scale") {
        scale::print(is_smoke);
    }
}
