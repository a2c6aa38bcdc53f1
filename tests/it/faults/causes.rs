//! Whether what a fault did is told as its doing: the fault stands among the recorded causes of its effect.
//! They do not say what the effect is; the module above does.

use withheld::explain::slice::Slice;
use withheld::ids::{BitSet, FaultId};
use withheld::run::why::{Subject, question};
use withheld::trace::fact::{Fact, FactKind, Observer};

use crate::room::Room;

/// The first fault of a scenario.
const FIRST: FactKind = FactKind::FaultStart(FaultId::new(0));

/// Whether the explanation of a cell names the first fault.
pub(super) fn explain(room: &Room, message: &str, device: &str) -> bool {
    let (message, device) = (room.message(message), room.device(device));
    let mut cells = room.outcome.verdicts.iter();
    let cell = cells.find(|cell| (cell.message, cell.device) == (message, device));
    let question = question(&Subject::Cell(*cell.expect("a cell")), &room.scenario);
    let slice = Slice::of(room.trace.facts(), &question, usize::MAX);
    slice.links.iter().any(|link| link.fact.kind == FIRST)
}

/// Whether the first fault led to anything that somebody observed.
pub(super) fn lead_anywhere(room: &Room) -> bool {
    let mut led = BitSet::default();
    let mut is_effect = |fact: &Fact| {
        let of_fault = fact.causes.iter().any(|cause| led.contains(cause.index()));
        if fact.kind == FIRST || of_fault {
            led.insert(fact.id.index());
        }
        of_fault && fact.observer != Observer::World
    };
    room.trace.facts().iter().any(&mut is_effect)
}
