//! Campaigns: many generated runs, steered to what is new, with what they reached and what they broke.
//! It does not know how a room is generated, run, judged or made small; it does these things very often.
//!
//! A campaign is a fixed number of *lanes*. Each is a sequence of cases with choices, a corpus, a map of what it has seen and a stop of
//! its own, so that what a lane comes to depends on nothing but the [`setup::Setup`] and the number of its cases. Threads and shards
//! only distribute lanes.

pub mod corpus;
pub mod document;
pub mod feature;
pub mod finding;
pub mod folder;
mod inquiry;
pub mod lane;
pub mod merge;
pub mod novelty;
pub mod pool;
pub mod setup;
pub mod speed;
pub mod spelled;
pub mod state;
pub mod tally;
pub mod watch;

/// How many lanes there are in every campaign.
pub const LANES: u32 = 16;
