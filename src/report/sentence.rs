//! The sentences under a table: why each cell that is not `delivered` is not, equal ones told together.
//! It does not judge; it tells the verdict in words, with the facts that the verdict rests on.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::outcome::{Outcome, Verdict};
use crate::ids::{DeviceId, FactId, MessageId, RoomId, ToDeviceId, UserId};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::Leaf;
use crate::run::kept::Kept;
use crate::scenario::fault::Party;
use crate::time::SimTime;
use crate::trace::fact::{Fact, FactKind};

use super::blocks::{Block, blocks};
use super::names::Names;
use super::narrate;
use super::reason::{Gap, Grounds, Stage, clause, filled, tells_when, told};
use super::text::{count, grouped};
use super::words::Word;

/// With more sentences than this, those that differ in times and notices only are told together.
const SENTENCES: usize = 24;
/// What is the same in all cells that one sentence tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    leaf: Leaf,
    clause: &'static str,
    code: Option<WithheldCode>,
    party: Option<Party>,
    sender: Option<DeviceId>,
    evidence: Evidence,
}

/// The facts behind a cell, as far as a sentence tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Evidence {
    /// What became of the notice when.
    at: Option<(Stage, SimTime)>,
    /// By which row of its mailbox.
    notice: Option<ToDeviceId>,
    /// What else shows the reason, where the clause does not say when it came about.
    shown_by: Option<FactId>,
    /// Whether that came about after the message was there.
    is_late: bool,
}

/// Everything that a sentence needs.
#[derive(Clone, Copy)]
struct Teller<'a> {
    names: &'a Names<'a>,
    outcome: &'a Outcome,
    kept: &'a Kept,
}

/// A sentence for each cell of `room` that is not `delivered`, equal ones together, in the order of messages. If not every
/// cell has a sentence of its own, the last line says how many cells are told.
pub(super) fn sentences(
    names: &Names<'_>,
    outcome: &Outcome,
    room: RoomId,
    kept: &Kept,
) -> Vec<String> {
    let teller = Teller { names, outcome, kept };
    let in_room = |one: &Verdict| names.origin(one.message).is_some_and(|o| o.room == room);
    let is_told = |one: &&Verdict| one.leaf != Leaf::Delivered && in_room(one);
    let cells: Vec<&Verdict> = outcome.verdicts.iter().filter(is_told).collect();
    let mut blocks = teller.blocks(&cells, |evidence| evidence);
    if blocks.len() > SENTENCES {
        blocks = teller.blocks(&cells, |_| Evidence::default());
    }
    blocks.sort_by_key(|(_, block)| (block.messages[0], block.devices[0]));
    let mut lines: Vec<String> =
        blocks.iter().map(|(key, block)| teller.tell(key, block)).collect();
    if lines.len() < cells.len() {
        let (cells, told) = (cells.len() as u64, lines.len() as u64);
        let cells = count(cells, "cell");
        lines.push(format!("({cells} not delivered, told in {})", count(told, "sentence")));
    }
    lines
}

/// The sentence for one cell that is not `delivered`.
pub(super) fn sentence(
    names: &Names<'_>,
    outcome: &Outcome,
    kept: &Kept,
    cell: &Verdict,
) -> Option<String> {
    let teller = Teller { names, outcome, kept };
    let blocks = teller.blocks(&[cell], |evidence| evidence);
    blocks.first().map(|(key, block)| teller.tell(key, block))
}

impl Teller<'_> {
    /// Puts cells together whose keys are equal once `blur` has passed over their evidence.
    fn blocks(
        &self,
        cells: &[&Verdict],
        blur: fn(Evidence) -> Evidence,
    ) -> Vec<(Key, Block<Evidence>)> {
        let mut groups: BTreeMap<Key, Vec<(MessageId, DeviceId, Evidence)>> = BTreeMap::new();
        for cell in cells {
            let sender = self.names.origin(cell.message).map(|origin| origin.sender);
            let witnesses = cell.witnesses.map(|fact| fact.and_then(|fact| self.kept.get(fact)));
            let grounds = Grounds { sender, is_fault: cell.party.is_some(), witnesses };
            let clause = clause(cell.leaf, &self.outcome.reading, &grounds);
            let evidence = evidence(clause, &grounds);
            let key = Key {
                leaf: cell.leaf,
                clause,
                code: cell.code,
                party: cell.party,
                sender,
                evidence: blur(evidence),
            };
            groups.entry(key).or_default().push((cell.message, cell.device, evidence));
        }
        let groups = groups.into_iter();
        groups.flat_map(|(key, cells)| blocks(&cells).into_iter().map(move |b| (key, b))).collect()
    }

    fn tell(&self, key: &Key, block: &Block<Evidence>) -> String {
        let reason = filled(key.clause, |gap| self.fill(gap, key, block));
        format!(
            "{} cannot read {}: {reason}{}{}.",
            block.devices(self.names),
            block.messages(self.names),
            self.shown_by(block),
            block.remark(),
        )
    }

    fn fill(&self, gap: Gap, key: &Key, block: &Block<Evidence>) -> String {
        let many = block.devices.len() > 1;
        let by_number = |one: &str, more: &str| if many { more } else { one }.to_owned();
        let origin = self.names.origin(block.messages[0]);
        match gap {
            Gap::Sender => key
                .sender
                .map_or_else(|| "the sender".to_owned(), |sender| self.names.device(sender)),
            Gap::Room => {
                origin.map_or_else(|| "the room".to_owned(), |origin| self.names.room(origin.room))
            }
            Gap::Party => {
                key.party.map_or_else(|| "somebody".to_owned(), |party| self.names.party(party))
            }
            Gap::Code => key
                .code
                .map_or_else(|| "a code of its own".to_owned(), |code| code.as_str().to_owned()),
            Gap::Told => self.told(block),
            Gap::It => by_number("it", "them"),
            Gap::They => by_number("it", "they"),
            Gap::Their => by_number("its", "their"),
            Gap::User => self.users(&block.devices),
        }
    }

    /// ` (notice x3, handled at 10s)`, ` (600 notices, handled between 10s and 12s)`, ` (sent at 10s)`, or nothing.
    fn told(&self, block: &Block<Evidence>) -> String {
        let notices: BTreeSet<ToDeviceId> =
            block.carried.iter().filter_map(|one| one.notice).collect();
        let mut told = match (notices.len(), notices.first()) {
            (0, _) | (_, None) => Vec::new(),
            (1, Some(notice)) => vec![format!("notice {}", notice.word(self.names))],
            (more, Some(_)) => vec![format!("{} notices", grouped(more as u64))],
        };
        told.extend(when(block.carried.iter().filter_map(|one| one.at)));
        if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) }
    }

    /// The user of the devices, or the words for several.
    fn users(&self, devices: &[DeviceId]) -> String {
        let user = |device: &DeviceId| self.names.scenario.devices[device.index()].user;
        let users: BTreeSet<UserId> = devices.iter().map(user).collect();
        match users.first() {
            Some(user) if users.len() == 1 => self.names.user(*user),
            Some(_) | None => "their users".to_owned(),
        }
    }

    /// The fact that shows the reason; of several the first, as an example.
    fn shown_by(&self, block: &Block<Evidence>) -> String {
        let shown: BTreeSet<FactId> = block.carried.iter().filter_map(|one| one.shown_by).collect();
        let first = shown.first().and_then(|id| self.kept.get(*id));
        let Some(fact) = first else { return String::new() };
        let example = if shown.len() > 1 { "for example " } else { "" };
        let only = if block.carried.iter().all(|one| one.is_late) { "only " } else { "" };
        format!(" ({example}{only}at {}: {})", fact.at, narrate::clause(self.names, fact))
    }
}

/// What a sentence with this clause tells of the facts behind a cell.
fn evidence(clause: &str, grounds: &Grounds<'_>) -> Evidence {
    let mut facts = grounds.witnesses.iter().flatten();
    if tells_when(clause) {
        let Some((at, stage, notice)) = facts.find_map(|fact| told(fact)) else {
            return Evidence::default();
        };
        return Evidence { at: Some((stage, at)), notice, ..Evidence::default() };
    }
    let shown_by = facts.next().map(|fact| fact.id);
    let is_message = |fact: &&&Fact| {
        matches!(fact.kind, FactKind::MessageAccepted { .. } | FactKind::MegolmEncrypted { .. })
    };
    let is_late = facts.find(is_message).is_some_and(|there| shown_by > Some(there.id));
    Evidence { shown_by, is_late, ..Evidence::default() }
}

/// `handled at 10s`, `handled between 10s and 12s`, for each thing that became of notices.
fn when(times: impl Iterator<Item = (Stage, SimTime)>) -> Vec<String> {
    let mut stages: BTreeMap<Stage, BTreeSet<SimTime>> = BTreeMap::new();
    for (stage, time) in times {
        stages.entry(stage).or_default().insert(time);
    }
    let told = |(stage, times): (Stage, BTreeSet<SimTime>)| {
        let (first, last) = (times.first()?, times.last()?);
        let stage = stage.word();
        Some(if first == last {
            format!("{stage} at {first}")
        } else {
            format!("{stage} between {first} and {last}")
        })
    };
    stages.into_iter().filter_map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::sentences;
    use crate::check::outcome::{Outcome, Verdict};
    use crate::ids::{DeviceId, FactId, MessageId, RoomId, ServerId, ToDeviceId};
    use crate::protocol::withheld::WithheldCode;
    use crate::report::names::Names;
    use crate::rulebook::leaf::Leaf;
    use crate::run::kept::Kept;
    use crate::scenario::fault::Party;
    use crate::scenario::sample::room_of;
    use crate::trace::fact::{FactKind, ProcessOutcome, RunEnd};
    use crate::trace::sample::fact_of;
    use crate::trace::sink::FactSink;

    const B1: DeviceId = DeviceId::new(1);

    fn cell(message: u32, device: u32, leaf: Leaf, witness: Option<u32>) -> Verdict {
        Verdict {
            message: MessageId::new(message - 1),
            device: DeviceId::new(device),
            leaf,
            code: match leaf.class() {
                crate::rulebook::leaf::LeafClass::Explained => Some(WithheldCode::Blacklisted),
                crate::rulebook::leaf::LeafClass::Ok
                | crate::rulebook::leaf::LeafClass::Excused
                | crate::rulebook::leaf::LeafClass::Pending
                | crate::rulebook::leaf::LeafClass::SpecGap
                | crate::rulebook::leaf::LeafClass::Fault => None,
            },
            party: (leaf == Leaf::ExplanationLost).then_some(Party::Server(ServerId::new(0))),
            witnesses: [witness.map(FactId::new), None, None],
        }
    }

    /// Fact `number`: device `number % 1,000` handles row `number` of its mailbox, `number` milliseconds after 10 s.
    fn processed(number: u32) -> FactKind {
        FactKind::Processed {
            device: DeviceId::new(number % 1_000),
            message: ToDeviceId::new(number),
            outcome: ProcessOutcome::Handled,
        }
    }

    fn tell(bobs: usize, messages: usize, verdicts: Vec<Verdict>) -> Vec<String> {
        let scenario = room_of(bobs, messages);
        let outcome = Outcome { verdicts, ..Outcome::empty(RunEnd::Quiescent) };
        let mut kept = Kept::witnesses_of(&outcome);
        for number in 0..2_000 {
            let kind =
                if number == 1_999 { FactKind::Crashed { device: B1 } } else { processed(number) };
            kept.record(&fact_of(number, 10_000 + u64::from(number), kind));
        }
        sentences(&Names::of(&scenario), &outcome, RoomId::new(0), &kept)
    }

    #[test]
    fn a_delivered_cell_needs_no_sentence() {
        assert_eq!(tell(1, 1, vec![cell(1, 1, Leaf::Delivered, None)]), [""; 0]);
    }

    #[test]
    fn a_withheld_cell_says_who_told_whom_when_and_by_which_notice() {
        assert_eq!(
            tell(2, 2, vec![cell(2, 1, Leaf::Withheld, Some(200))]),
            [
                "B1 cannot read m2: A1 told it with m.blacklisted that it withholds the key (notice x200, handled at 10s200ms)."
            ]
        );
    }

    #[test]
    fn cells_with_one_notice_are_told_by_one_sentence() {
        let cells = (1..=3).map(|message| cell(message, 1, Leaf::Withheld, Some(1))).collect();
        assert_eq!(
            tell(1, 3, cells),
            [
                "B1 cannot read m1, m2 and m3: A1 told it with m.blacklisted that it withholds the key (notice x1, handled at 10s1ms).",
                "(3 cells not delivered, told in 1 sentence)"
            ]
        );
    }

    #[test]
    fn a_small_room_has_a_sentence_for_each_notice() {
        let cells = (1..=3).map(|device| cell(1, device, Leaf::Withheld, Some(device))).collect();
        let told = tell(3, 1, cells);
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[2].ends_with("(notice x3, handled at 10s3ms)."), "{told:?}");
    }

    #[test]
    fn six_hundred_devices_are_told_by_one_sentence_that_counts() {
        let mut cells = Vec::new();
        for message in 1..=100 {
            cells.extend(
                (1..=600).map(|device| cell(message, device, Leaf::Withheld, Some(device))),
            );
        }
        assert_eq!(
            tell(600, 100, cells),
            [
                "B1, B2, B3 and 597 more cannot read m1, m2, m3 and 97 more: A1 told them with m.blacklisted that it withholds the key (600 notices, handled between 10s1ms and 10s600ms).",
                "(60,000 cells not delivered, told in 1 sentence)"
            ]
        );
    }

    #[test]
    fn many_different_sets_of_messages_are_counted() {
        let mut cells = Vec::new();
        for message in 1..=40 {
            cells
                .extend((1..=message).map(|device| cell(message, device, Leaf::DeviceNewer, None)));
        }
        assert_eq!(
            tell(40, 40, cells),
            [
                "B1, B2, B3 and 37 more cannot read some of m1, m2, m3 and 37 more: they did not exist at that time (820 cells).",
                "(820 cells not delivered, told in 1 sentence)"
            ]
        );
    }

    #[test]
    fn a_reason_without_a_notice_is_shown_by_its_first_witness() {
        assert_eq!(
            tell(1, 1, vec![cell(1, 1, Leaf::LostAtRecipient, Some(1_999))]),
            [
                "B1 cannot read m1: it acknowledged what came and crashed before it was stored (at 11s999ms: B1 crashed)."
            ]
        );
        let several = tell(
            2,
            1,
            vec![cell(1, 1, Leaf::Wedged, Some(1_001)), cell(1, 2, Leaf::Wedged, Some(1_002))],
        );
        assert_eq!(several.len(), 2, "{several:?}");
    }

    #[test]
    fn who_is_at_fault_is_named() {
        assert_eq!(
            tell(1, 1, vec![cell(1, 1, Leaf::ExplanationLost, None)]),
            ["B1 cannot read m1: s1 lost what A1 sent it."]
        );
    }

    #[test]
    fn a_cell_without_witnesses_is_told_without_a_time() {
        assert_eq!(
            tell(1, 1, vec![cell(1, 1, Leaf::Withheld, None)]),
            ["B1 cannot read m1: A1 told it with m.blacklisted that it withholds the key."]
        );
    }
}
