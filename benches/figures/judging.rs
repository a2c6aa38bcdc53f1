//! How rooms are run to be measured: judged as the program judges when nothing else is asked of it, and nothing kept.
//! It does not know which rooms.

use withheld::rulebook::reading::ReadingName;
use withheld::run::RunReport;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{Judging, run_one};
use withheld::run::simulator::Simulator;
use withheld::scenario::model::Scenario;

/// Runs a room and judges it.
pub(crate) fn judged(scenario: &Scenario) -> RunReport {
    run_one(&InWorld(References), scenario, Judging::STRICT, &mut ())
}

/// Runs a room without a judge; gives the number of actions.
pub(crate) fn simulated(scenario: &Scenario) -> u64 {
    InWorld(References).simulate(scenario, ReadingName::Strict, &mut ()).actions
}
