//! All known policies compared in rooms of a family and of a team, on one thread, each with the work that it is: runs and actions.
//! It does not know what came out of the comparison; `docs/overhead.md` does.

use criterion::{Criterion, Throughput};

use withheld::overhead::comparison::{Comparison, Run, Setup, World, compare};
use withheld::overhead::contender::Contender;
use withheld::overhead::world::{Plan, Size};
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{InWorld, References};

fn compared(setup: &Setup) -> Comparison {
    compare(&InWorld(References), setup, &|_| {}).expect("known policies can play known worlds")
}

/// The four worlds of a size, each with one seed.
fn setup(size: Size) -> Setup {
    let plans = Plan::all().into_iter().filter(|plan| plan.size == size);
    Setup {
        worlds: plans.map(|plan| World { seeds: 1, ..World::made(plan) }).collect(),
        contenders: Contender::known(),
        baseline: 0,
        reading: ReadingName::Strict,
        seed: 0,
        jobs: 1,
    }
}

/// The throughput is in actions.
pub(crate) fn all(criterion: &mut Criterion) {
    for size in [Size::Family, Size::Team] {
        let setup = setup(size);
        let once = compared(&setup);
        let runs: Vec<&Run> =
            once.worlds.iter().flat_map(|world| world.runs.iter().flatten()).collect();
        assert_eq!(runs.len(), 4 * setup.contenders.len(), "a run of each policy in each world");
        let actions: u64 = runs.iter().map(|run| run.actions).sum();
        eprintln!(
            "overhead: {} runs in rooms of a {}, {actions} actions",
            runs.len(),
            size.as_str()
        );
        let mut group = criterion.benchmark_group("overhead");
        group.sample_size(10).throughput(Throughput::Elements(actions));
        group.bench_function(size.as_str(), |bencher| bencher.iter(|| compared(&setup)));
        group.finish();
    }
}
