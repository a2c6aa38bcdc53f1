//! What was so around an answer, in sentences of their own.
//! It does not know how it was found.

use crate::ids::{DeviceId, FaultId};
use crate::protocol::room::Membership;
use crate::report::names::Names;
use crate::report::words::Word;
use crate::run::around::{Aside, AsideKind, Silence};
use crate::run::why::{Answer, Subject};
use crate::scenario::fault::FaultKind;
use crate::time::SimTime;

use super::{Statement, Teller};

impl Teller<'_> {
    /// A sentence for each thing that was so around the answer, with the fact that shows it.
    pub(super) fn asides(&self, answer: &Answer) -> Vec<Statement> {
        let device = match &answer.subject {
            Subject::Cell(cell) => Some(cell.device),
            Subject::Broken(_) | Subject::Unsent(_) => None,
        };
        let told = |aside: &Aside| {
            let text = sentence(&self.names, aside.kind, device)?;
            Some(Statement { text, facts: aside.facts().collect() })
        };
        answer.asides.iter().filter_map(told).collect()
    }
}

/// Whether the device had a key that nobody owed it, as its user was out of the room.
pub(super) fn is_departed(answer: &Answer) -> bool {
    answer.asides.iter().any(|aside| matches!(aside.kind, AsideKind::Departed { .. }))
}

fn sentence(names: &Names<'_>, kind: AsideKind, device: Option<DeviceId>) -> Option<String> {
    Some(match kind {
        AsideKind::Departed { user, room, membership } => {
            let (user, room) = (names.user(user), names.room(room));
            let had = match membership {
                Membership::Ban => format!("had been banned from {room}"),
                Membership::Leave | Membership::Join | Membership::Invite => {
                    format!("had left {room}")
                }
            };
            let owed = device.map_or_else(|| "them".to_owned(), |device| names.device(device));
            format!("By then {user} {had}, so that nobody owed {owed} the key.")
        }
        AsideKind::CutOff(fault) => cut_off(names, fault)?,
        AsideKind::Repaired(device) => {
            format!("{} had a new Olm session with the sender afterwards.", names.device(device))
        }
        AsideKind::RepairedBefore(device) => format!(
            "{} had opened an Olm session with the sender less than an hour before, so that no new one was due.",
            names.device(device)
        ),
        AsideKind::Clock(fault, device) => clock(names, fault, device)?,
        AsideKind::Unanswered { request, asked, why } => {
            let asker = device.map_or_else(|| "it".to_owned(), |device| names.device(device));
            let asked = names.device(asked);
            let because = silence(why, &asker, &asked);
            let request = request.word(names);
            format!(
                "{asker} asked {asked} for the key (request {request}), and got no answer: {because}."
            )
        }
    })
}

/// Who could not be reached, and by which fault.
fn cut_off(names: &Names<'_>, fault: FaultId) -> Option<String> {
    let known = names.scenario.faults.get(fault.index())?;
    let (from, named) = (known.from, names.fault(fault));
    let said = if let FaultKind::ServerUnreachable { server } = &known.kind {
        format!("{} could not be reached", names.server(*server))
    } else if let FaultKind::FederationDown { between, and } = &known.kind {
        format!("{} and {} could not reach each other", names.server(*between), names.server(*and))
    } else if let FaultKind::ClientOffline { device } = &known.kind {
        format!("{} was offline", names.device(*device))
    } else if let FaultKind::RateLimited { device, .. } = &known.kind {
        format!("requests of {} were refused", names.device(*device))
    } else if let FaultKind::ResponseLost { device, .. } = &known.kind {
        format!("answers to {} were lost", names.device(*device))
    } else if let FaultKind::Crash { device, .. } = &known.kind {
        format!("{} was not running", names.device(*device))
    } else {
        return None;
    };
    Some(format!("From {from} to the end {said}: {named}."))
}

fn clock(names: &Names<'_>, fault: FaultId, device: DeviceId) -> Option<String> {
    let known = names.scenario.faults.get(fault.index())?;
    let kind = &known.kind;
    let until = if known.until == SimTime::MAX {
        "to the end".to_owned()
    } else {
        format!("to {}", known.until)
    };
    let (by, how) = if let FaultKind::ClockAhead { by, .. } = kind {
        (by, "ahead")
    } else if let FaultKind::ClockBehind { by, .. } = kind {
        (by, "behind")
    } else {
        return None;
    };
    let (device, from, fault) = (names.device(device), known.from, names.fault(fault));
    Some(format!(
        "{device} goes by its own clock, which was {by} {how} from {from} {until}: {fault}."
    ))
}

fn silence(why: Silence, asker: &str, asked: &str) -> String {
    match why {
        Silence::NotSent => format!("the server of {asker} never accepted the request"),
        Silence::Lost => "a server lost the request".to_owned(),
        Silence::AnswerLost => format!("{asked} did answer, and a server lost that"),
        Silence::Gone => format!("{asked} was gone by then"),
        Silence::Waits => format!("the request had not come to {asked} when the run ended"),
        Silence::NoKey => format!("{asked} did not have the key either"),
        Silence::OtherUser => {
            format!(
                "{asked} is another user's, and keys are forwarded only among a user's own devices"
            )
        }
        Silence::Blocked => format!("the user of {asked} had blocked {asker}"),
        Silence::NotVerified => {
            format!(
                "nothing made {asker} a verified device for {asked}, and keys are forwarded to no other"
            )
        }
        Silence::Chose => {
            format!("{asked} could have answered, and may leave a request unanswered")
        }
    }
}
