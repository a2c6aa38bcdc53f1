//! How many instructions the hot paths take, counted by Callgrind: the same on a busy machine and on an idle one.
//! It needs valgrind and `gungraun-runner`, and says so and does nothing where either is missing.

use std::process::{Command, Stdio};

fn main() {
    // Callgrind runs this program again for each benchmark, in a place of its own; that one need not look.
    let is_inner = std::env::args().any(|argument| argument.contains("gungraun-run"));
    let missing = ["valgrind", "gungraun-runner"].into_iter().find(|program| !is_there(program));
    match missing.filter(|_| !is_inner) {
        Some(program) => eprintln!(
            "instructions are not counted: there is no {program} (apt install valgrind; cargo install gungraun-runner --version 0.20.0)"
        ),
        None => counted::run(),
    }
}

/// Whether a program can be started.
fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

/// What is counted. The limits are a tenth above what was measured with Rust 1.95 on x86-64; a path that grows beyond one fails.
#[expect(unreachable_pub, reason = "what the library's macros make is public")]
mod counted {
    use std::hint::black_box;

    use gungraun::prelude::*;
    use gungraun::{Callgrind, EventKind};

    use withheld::engine::choices::Seeded;
    use withheld::engine::queue::Queue;
    use withheld::generate;
    use withheld::generate::plan::Plan;
    use withheld::rulebook::reading::ReadingName;
    use withheld::run::clients::{InWorld, References};
    use withheld::run::judged::{Judging, run_one};
    use withheld::run::simulator::Simulator;
    use withheld::scenario::model::Scenario;
    use withheld::time::SimTime;

    fn rooms() -> Vec<Scenario> {
        let plan = Plan::default();
        (0..20).map(|seed| generate::scenario(&plan, &mut Seeded::new(seed))).collect()
    }

    fn limit(instructions: u64) -> LibraryBenchmarkConfig {
        let mut config = LibraryBenchmarkConfig::default();
        config.tool(Callgrind::default().hard_limits([(EventKind::Ir, instructions)]));
        config
    }

    #[library_benchmark(config = limit(QUEUE))]
    fn queue() -> u64 {
        let mut queue = Queue::default();
        for place in 0..64_u64 {
            queue.push(SimTime::from_ms(place % 7), place);
        }
        for _ in 0..100_000 {
            let (now, item) = queue.pop().expect("as many are put in as are taken out");
            queue.push(SimTime::from_ms(now.as_ms() + 5 + item % 50), item);
        }
        black_box(queue.now().as_ms())
    }

    #[library_benchmark(config = limit(SIMULATED), setup = rooms)]
    fn simulated(rooms: Vec<Scenario>) -> u64 {
        let actions =
            |room| InWorld(References).simulate(room, ReadingName::Strict, &mut ()).actions;
        black_box(rooms.iter().map(actions).sum())
    }

    #[library_benchmark(config = limit(JUDGED), setup = rooms)]
    fn judged(rooms: Vec<Scenario>) -> u64 {
        let actions = |room| run_one(&InWorld(References), room, Judging::STRICT, &mut ()).actions;
        black_box(rooms.iter().map(actions).sum())
    }

    const QUEUE: u64 = 12_900_000;
    const SIMULATED: u64 = 69_600_000;
    const JUDGED: u64 = 121_500_000;

    library_benchmark_group!(name = hot_paths, benchmarks = [queue, simulated, judged]);

    pub(crate) fn run() {
        main!(library_benchmark_groups = hot_paths);
        main();
    }
}
