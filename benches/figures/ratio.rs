//! An action of the simulator beside the least that any simulation does: one entry out of the queue and one into it, with as many pending.
//! Both are measured in turn in one run, so that the machine is the same for both.

use withheld::engine::choices::{Choices, Label, Seeded};
use withheld::engine::queue::Queue;
use withheld::generate;
use withheld::generate::plan::Plan;
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{Clients, References};
use withheld::scenario::model::Scenario;
use withheld::sim::world::World;
use withheld::time::SimTime;

use super::clock::{hundredths, timed};
use super::judging::{judged, simulated};

/// The rooms of one turn, and how many turns there are.
const ROOMS: u64 = 500;
const TURNS: usize = 9;

/// The mean number of pending entries, over all actions of some rooms.
fn mean_pending(rooms: &[Scenario]) -> usize {
    let (mut sum, mut actions) = (0, 0);
    for room in rooms {
        let mut world = World::new(room, References.of_run(room, ReadingName::Strict));
        while world.step(&mut ()).is_none() {
            sum += world.pending();
            actions += 1;
        }
    }
    sum / actions
}

/// So many times an entry out and one in, with delays as rooms have them.
fn hold(pending: usize, times: u64) -> u64 {
    let mut choices = Seeded::new(1);
    let mut draw = |bound| choices.draw(bound, Label(0));
    let delays: Vec<u64> = (0..1_024)
        .map(|_| match draw(100) {
            0..60 => 5 + draw(10),
            60..85 => 40 + draw(20),
            85..97 => draw(15_000),
            _ => draw(60_000),
        })
        .collect();
    let mut queue: Queue<(u64, u32)> = Queue::default();
    let later = |now: SimTime, delay: u64| SimTime::from_ms(now.as_ms() + delay);
    let mut delays = delays.iter().copied().cycle();
    for (place, delay) in (0..pending as u64).zip(&mut delays) {
        queue.push(later(SimTime::ZERO, delay), (place, 0));
    }
    for _ in 0..times {
        let (now, item) = queue.pop().expect("as many are put in as are taken out");
        queue.push(later(now, delays.next().unwrap_or(1)), item);
    }
    queue.now().as_ms()
}

/// The middle one.
fn median(mut numbers: Vec<u128>) -> u128 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

/// Prints nanoseconds per action, and how many times as long that is as the bare queue takes.
pub(crate) fn print(is_smoke: bool) {
    let (rooms, turns) = if is_smoke { (20, 1) } else { (ROOMS, TURNS) };
    let plan = Plan::default();
    let rooms: Vec<Scenario> =
        (0..rooms).map(|seed| generate::scenario(&plan, &mut Seeded::new(seed))).collect();
    let pending = mean_pending(&rooms);
    let actions: u64 = rooms.iter().map(simulated).sum();
    let facts: u64 = rooms.iter().map(|room| judged(room).facts).sum();
    let (mut bare, mut without, mut with) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..turns {
        bare.push(timed(|| hold(pending, actions)).0);
        without.push(timed(|| rooms.iter().map(simulated).sum::<u64>()).0);
        with.push(timed(|| rooms.iter().map(|room| judged(room).actions).sum::<u64>()).0);
    }
    let count = rooms.len();
    println!(
        "{count} generated rooms, {actions} actions, {facts} facts, {pending} pending on average (median of {turns}):"
    );
    let bare = median(bare);
    for (name, time) in [
        ("bare queue", bare),
        ("simulated", median(without)),
        ("simulated and judged", median(with)),
    ] {
        println!(
            "{name:>22}: {:>7} ns an action, {:>6} M a second, {:>6} times the bare queue",
            hundredths(time, u128::from(actions)),
            hundredths(u128::from(actions) * 1_000, time),
            hundredths(time, bare),
        );
    }
}
