//! Generated rooms as values of proptest, which are made smaller by the minimiser of this crate.
//! It does not know what a test does with a room.

use proptest::prelude::any;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::engine::choices::Seeded;
use crate::generate::{self, plan::Plan};
use crate::minimise::Minimiser;
use crate::scenario::model::Scenario;

/// Rooms of one kind.
#[derive(Debug, Clone)]
pub struct Scenarios {
    plan: Plan,
}

/// Rooms as `plan` wants them. A failing one is made small by what it is, and not by how it was generated.
#[must_use]
pub const fn scenarios(plan: Plan) -> Scenarios {
    Scenarios { plan }
}

impl Strategy for Scenarios {
    type Tree = Room;
    type Value = Scenario;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = any::<u64>().new_tree(runner)?.current();
        let scenario = generate::scenario(&self.plan, &mut Seeded::new(seed));
        Ok(Room { minimiser: Minimiser::new(scenario), candidate: None })
    }
}

/// A room that may become smaller.
#[derive(Debug, Clone)]
pub struct Room {
    minimiser: Minimiser,
    /// The smaller room that is looked at; none if it is the best so far.
    candidate: Option<Scenario>,
}

impl Room {
    fn next(&mut self) -> bool {
        self.candidate = self.minimiser.propose();
        self.candidate.is_some()
    }
}

impl ValueTree for Room {
    type Value = Scenario;

    fn current(&self) -> Scenario {
        self.candidate.as_ref().unwrap_or(self.minimiser.best()).clone()
    }

    /// The room that is looked at fails: it is the best so far, and a smaller one comes.
    fn simplify(&mut self) -> bool {
        if self.candidate.is_some() {
            self.minimiser.answer(true);
        }
        self.next()
    }

    /// The room that is looked at does not fail: the best so far stays, and another one comes.
    fn complicate(&mut self) -> bool {
        if self.candidate.is_none() {
            return false;
        }
        self.minimiser.answer(false);
        self.next()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::strategy::Strategy;
    use proptest::test_runner::{
        Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner,
    };

    use super::scenarios;
    use crate::generate::plan::Plan;
    use crate::minimise::size::Size;
    use crate::scenario::model::Scenario;
    use crate::scenario::step::Step;

    fn runner() -> TestRunner {
        let config =
            Config { failure_persistence: None, max_shrink_iters: 100_000, ..Config::default() };
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[3; 32]))
    }

    /// Two devices send.
    fn two_send(scenario: &Scenario) -> bool {
        let mut senders = BTreeSet::new();
        for timed in &scenario.timeline {
            if let Step::Send { device, .. } = timed.step {
                senders.insert(device);
            }
        }
        senders.len() > 1
    }

    #[test]
    fn proptest_ends_with_the_smallest_room() {
        let outcome = runner().run(&scenarios(Plan::default()), |scenario| {
            if two_send(&scenario) {
                return Err(TestCaseError::fail("two devices send"));
            }
            Ok(())
        });
        let Err(TestError::Fail(_, scenario)) = outcome else { panic!("no room was found") };
        assert!(two_send(&scenario));
        let expected =
            Size { devices: 2, steps: 2, faults: 0, users: 1, rooms: 1, servers: 1, messages: 2 };
        assert_eq!(Size::of(&scenario), expected);
        assert_eq!(scenario.devices[1].name, "A2");
    }

    #[test]
    fn equal_numbers_of_proptest_make_equal_rooms() {
        use proptest::strategy::ValueTree;
        let room = || scenarios(Plan::default()).new_tree(&mut runner()).unwrap().current();
        assert_eq!(room(), room());
    }
}
