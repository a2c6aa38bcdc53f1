//! Who still wrote to whom where a run was cut: as a sentence, and as rows for machines.
//! It does not know when a run is cut.

use serde::Serialize;

use crate::run::restless::{Act, Restless, What};

use super::names::Names;
use super::text::{count, grouped, list};

/// What was still done when a run was cut.
#[derive(Debug, Serialize)]
pub(super) struct StillDone {
    within_ms: u64,
    acts: Vec<Row>,
}

/// What one device did so many times.
#[derive(Debug, Serialize)]
struct Row {
    device: String,
    does: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    whom: Option<String>,
    times: u32,
}

/// As rows.
pub(super) fn still_done(names: &Names<'_>, restless: &Restless) -> StillDone {
    let acts = restless.acts.iter().map(|(act, times)| row(names, *act, *times)).collect();
    StillDone { within_ms: restless.within.as_ms(), acts }
}

fn row(names: &Names<'_>, act: Act, times: u32) -> Row {
    let (device, does, what, whom) = match act {
        Act::Sends { device, recipient, what } => {
            (device, "sends", Some(name(what)), Some(names.device(recipient)))
        }
        Act::Claims { device, target } => (device, "claims", None, Some(names.device(target))),
        Act::Queries { device, user } => (device, "queries", None, Some(names.user(user))),
        Act::Uploads { device } => (device, "uploads", None, None),
    };
    Row { device: names.device(device), does, what, whom, times }
}

/// As a sentence, after so many actions.
pub(super) fn sentence(names: &Names<'_>, restless: &Restless, actions: u64) -> String {
    let cut = format!("{}: clients write to each other without end", count(actions, "action"));
    if restless.acts.is_empty() {
        return format!("{cut}; no fact tells what they write");
    }
    let said = |(act, times): &(Act, u32)| format!("{} {}", clause(names, *act), times_of(*times));
    let acts: Vec<String> = restless.acts.iter().map(said).collect();
    format!("{cut}; in the last {} {}", restless.within, list(&acts))
}

fn times_of(times: u32) -> String {
    if times == 1 { "once".to_owned() } else { format!("{} times", grouped(u64::from(times))) }
}

fn clause(names: &Names<'_>, act: Act) -> String {
    match act {
        Act::Sends { device, recipient, what } => {
            format!("{} sent {} {}", names.device(device), names.device(recipient), name(what))
        }
        Act::Claims { device, target } => {
            format!("{} claimed a key of {}", names.device(device), names.device(target))
        }
        Act::Queries { device, user } => {
            format!("{} asked for the devices of {}", names.device(device), names.user(user))
        }
        Act::Uploads { device } => format!("{} uploaded one-time keys", names.device(device)),
    }
}

/// The type of what is sent, as it is called in the specification.
const fn name(what: What) -> &'static str {
    match what {
        What::RoomKey => "m.room_key",
        What::ForwardedKey => "m.forwarded_room_key",
        What::Dummy => "m.dummy",
        What::Bundle => "m.room_key_bundle",
        What::Notice => "m.room_key.withheld",
        What::KeyRequest => "m.room_key_request",
        What::Sealed => "m.room.encrypted",
    }
}
