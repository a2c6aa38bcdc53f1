//! One judged run: a scenario in, its outcome and what differs from its expectations out.
//! It does not know where scenarios come from, nor how an outcome is shown.

pub mod around;
pub mod clients;
pub mod expectation;
pub mod failure;
pub mod judged;
pub mod kept;
pub mod logs;
pub mod matrix;
pub mod mutants;
pub mod panic;
pub mod restless;
pub mod shrunk;
pub mod signature;
pub mod simulator;
pub mod status;
pub mod survey;
pub mod twice;
pub mod unsent;
pub mod why;

use crate::check::outcome::Outcome;
use crate::time::SimTime;

use self::expectation::Mismatch;
use self::restless::Restless;
use self::simulator::Remark;
use self::status::Status;
use self::twice::Divergence;

/// What came of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    /// How it stands.
    pub status: Status,
    /// The judgement.
    pub outcome: Outcome,
    /// What is not as the scenario expects it.
    pub mismatches: Vec<Mismatch>,
    /// Where a second run went another way, if it did.
    pub divergence: Option<Divergence>,
    /// The seed that it was run with.
    pub seed: u64,
    /// The digest of all facts.
    pub digest: u64,
    /// How many facts there were.
    pub facts: u64,
    /// How many actions were carried out.
    pub actions: u64,
    /// The virtual time at which it ended.
    pub ended_at: SimTime,
    /// What was still done, if the run was cut because it came to no end.
    pub restless: Option<Restless>,
    /// What the simulator says of its clients, where it was asked.
    pub remarks: Vec<Remark>,
}
