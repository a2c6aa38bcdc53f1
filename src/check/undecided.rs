//! What cannot be decided because it was not recorded: rules for a party, verdicts of a message at a device.
//! It does not know what would have come out.

use std::collections::BTreeMap;

use crate::check::breaches::Breaches;
use crate::check::cast::Cast;
use crate::check::coverage::Coverage;
use crate::check::needs::{self, Need, Order};
use crate::check::outcome::{Verdict, Violation};
use crate::check::view::bundles::Bundles;
use crate::check::view::messages::Messages;
use crate::ids::{DeviceId, MessageId, ServerId};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::{Actor, Rule};
use crate::scenario::fault::Party;
use crate::trace::fact::Observer;
use crate::trace::jsonl::Recorder;
use crate::trace::kind::{Kind, Kinds};

/// Why something cannot be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Missing {
    /// What this observer saw of these kinds was not recorded.
    Kinds {
        /// Who should have.
        observer: Observer,
        /// All that is missing of what the rule needs of that observer; not empty.
        kinds: Kinds,
    },
    /// What these two saw stands in different logs, so its order is not known.
    Order([Observer; 2]),
}

impl Missing {
    /// Whether both are about the same observer, or the same order.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Kinds { observer: one, .. }, Self::Kinds { observer: other, .. }) => {
                one == other
            }
            (Self::Order(one), Self::Order(other)) => one == other,
            (Self::Kinds { .. }, Self::Order(_)) | (Self::Order(_), Self::Kinds { .. }) => false,
        }
    }
}

/// A rule that cannot be decided for some parties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// The rule.
    pub rule: Rule,
    /// Why.
    pub why: Missing,
    /// For whom, ascending.
    pub parties: Vec<Party>,
}

/// A verdict that cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenCell {
    /// The message.
    pub message: MessageId,
    /// The device.
    pub device: DeviceId,
    /// Why not.
    pub why: Missing,
}

/// What was not decided for want of facts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gaps {
    /// Rules, in the order of the rule book.
    pub rules: Vec<Undecided>,
    /// Verdicts, by message, then device. In the table they are pending.
    pub cells: Vec<OpenCell>,
}

impl Gaps {
    /// Whether everything could be decided.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.cells.is_empty()
    }

    /// Whether the verdict of a message at a device cannot be given.
    #[must_use]
    pub fn is_open(&self, cell: (MessageId, DeviceId)) -> bool {
        self.cells.binary_search_by_key(&cell, |open| (open.message, open.device)).is_ok()
    }

    /// Nothing says how the facts end: whatever shows only when everything has come to rest is not decided, for whom it is not undecided
    /// for another reason.
    pub(crate) fn add_unended(&mut self, cast: &Cast, coverage: &Coverage) {
        let question = Question { cast, coverage };
        let kinds = Kinds::of(&[Kind::RunEnd]);
        let why = Missing::Kinds { observer: Observer::World, kinds };
        for rule in Rule::ALL {
            if !needs::of(*rule).is_some_and(|need| need.own.contains(Kind::RunEnd)) {
                continue;
            }
            let mut parties = question.bound(*rule);
            parties.retain(|party| question.rule(*rule, *party, None).is_none());
            if !parties.is_empty() {
                self.rules.push(Undecided { rule: *rule, why, parties });
            }
        }
        self.rules.sort_by_key(|one| one.rule);
    }

    /// Takes verdicts and violations back that rest on what was not recorded. That a device has read a message rests on
    /// nothing else.
    pub(crate) fn take(
        question: Question<'_>,
        (messages, bundles): (&Messages, &Bundles),
        verdicts: &mut [Verdict],
        (violations, breaches): (&mut Vec<Violation>, &Breaches),
    ) -> Self {
        if question.coverage.is_complete() {
            return Self::default();
        }
        let sender = |message| messages.encryption(message).map(|encrypted| encrypted.sender);
        let mut cells = Vec::new();
        for verdict in verdicts {
            let Verdict { message, device, .. } = *verdict;
            let why = match sender(message) {
                _ if messages.was_read(message, device) => None,
                Some(sender) => question.verdict(sender, device),
                None => question.device(device, Kinds::of(&[Kind::MegolmEncrypted])),
            };
            let taken = bundles.has_taken(device) && !messages.was_read(message, device);
            let why = why.or_else(|| question.device(device, needs::BUNDLES).filter(|_| taken));
            if let Some(why) = why {
                cells.push(OpenCell { message, device, why });
                verdict.leaf = Leaf::Pending;
                (verdict.code, verdict.party) = (None, None);
            }
        }
        violations.retain(|one| {
            let other = one.cell.and_then(|(message, device)| match one.party {
                Party::Device(party) if party == device => sender(message),
                Party::Device(_) | Party::Server(_) | Party::World => Some(device),
            });
            let open = |(message, device)| {
                cells.binary_search_by_key(&(message, device), |cell| (cell.message, cell.device))
            };
            question.rule(one.rule, one.party, other).is_none()
                && (!breaches.rests_on_verdict(one)
                    || one.cell.is_none_or(|cell| open(cell).is_err()))
        });
        Self { rules: question.all(), cells }
    }
}

/// What is asked of a coverage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Who is who.
    pub(crate) cast: &'a Cast,
    /// What was recorded.
    pub(crate) coverage: &'a Coverage,
}

impl Question<'_> {
    /// Why the rule cannot be decided for the party, the first of the reasons: of whom it deals with, `other` alone is meant if one is
    /// given.
    pub(crate) fn rule(self, rule: Rule, party: Party, other: Option<DeviceId>) -> Option<Missing> {
        self.reasons(rule, party, other).into_iter().next()
    }

    /// All reasons why the rule cannot be decided for the party.
    fn reasons(self, rule: Rule, party: Party, other: Option<DeviceId>) -> Vec<Missing> {
        let Some(need) = needs::of(rule).filter(|_| !self.coverage.is_complete()) else {
            return Vec::new();
        };
        let rests_on_outages =
            need.own == needs::VERDICTS || matches!(rule, Rule::C03 | Rule::C05 | Rule::C08);
        let mut reasons = self.own(need.own, party);
        reasons.extend(self.others(need.others, party, other));
        reasons.extend(self.order(need, party, other));
        reasons.extend(self.excuse(rule, party));
        reasons.extend(self.outage().filter(|_| rests_on_outages));
        merged(reasons)
    }

    /// Why the verdict of a message of `sender` at `device` cannot be given, if it rests on what was not recorded.
    pub(crate) fn verdict(self, sender: DeviceId, device: DeviceId) -> Option<Missing> {
        if self.coverage.is_complete() {
            return None;
        }
        let need = Need { own: needs::VERDICTS, others: needs::VERDICTS, order: Order::OneLog };
        let party = Party::Device(sender);
        let mut reasons = self.own(need.own, party);
        reasons.extend(self.others(need.others, party, Some(device)));
        reasons.extend(self.order(need, party, Some(device)));
        reasons.extend(self.outage());
        merged(reasons).into_iter().next()
    }

    /// Who among the others, and for one among the device itself, lacks these kinds: nothing is known of whom it deals with.
    fn device(self, device: DeviceId, kinds: Kinds) -> Option<Missing> {
        self.of_anybody(kinds, Observer::Device(device))
    }

    /// Every rule that cannot be decided for somebody, by rule.
    pub(crate) fn all(self) -> Vec<Undecided> {
        let mut undecided = Vec::new();
        if self.coverage.is_complete() {
            return undecided;
        }
        for rule in Rule::ALL {
            let mut reasons: BTreeMap<Missing, Vec<Party>> = BTreeMap::new();
            for party in self.bound(*rule) {
                for why in self.reasons(*rule, party, None) {
                    reasons.entry(why).or_default().push(party);
                }
            }
            let rows = reasons.into_iter();
            undecided.extend(rows.map(|(why, parties)| Undecided { rule: *rule, why, parties }));
        }
        undecided
    }

    /// Whom the rule binds. Rules of devices may also be broken by what a server is blamed for, and the other way around: a
    /// verdict blames whoever broke the stage.
    fn bound(self, rule: Rule) -> Vec<Party> {
        let devices = (0..self.cast.device_count()).map(|at| Party::Device(DeviceId::at(at)));
        let servers = (0..self.cast.server_count()).map(|at| Party::Server(ServerId::at(at)));
        match rule.actor() {
            Actor::Sender | Actor::Recipient | Actor::Both => devices.collect(),
            Actor::Server => servers.collect(),
            Actor::Checker => Vec::new(),
        }
    }

    fn missing(self, observer: Observer, kinds: Kinds) -> Option<Missing> {
        let kinds = self.coverage.missing_of(observer, kinds);
        (!kinds.is_empty()).then_some(Missing::Kinds { observer, kinds })
    }

    fn of_device(self, device: DeviceId, kinds: Kinds) -> Vec<Missing> {
        let server = self.cast.server_of(device);
        let own = self.missing(Observer::Device(device), by(kinds, Recorder::Device));
        let servers = self.missing(Observer::Server(server), by(kinds, Recorder::Server));
        own.into_iter().chain(servers).collect()
    }

    /// What one who lacks one of these kinds lacks of them; of several the one who lacks the first.
    fn of_anybody(self, kinds: Kinds, but: Observer) -> Option<Missing> {
        let observer = kinds.iter().find_map(|kind| self.coverage.lacking(kind, but))?;
        let recorder = match observer {
            Observer::World => Recorder::World,
            Observer::Server(_) => Recorder::Server,
            Observer::Device(_) => Recorder::Device,
        };
        self.missing(observer, by(kinds, recorder))
    }

    fn own(self, kinds: Kinds, party: Party) -> Vec<Missing> {
        let world = self.missing(Observer::World, by(kinds, Recorder::World));
        let mut missing: Vec<Missing> = world.into_iter().collect();
        match party {
            Party::Device(device) => missing.extend(self.of_device(device, kinds)),
            Party::Server(server) => {
                let own = self.missing(Observer::Server(server), by(kinds, Recorder::Server));
                missing.extend(own);
                missing.extend(self.of_anybody(by(kinds, Recorder::Device), Observer::World));
            }
            Party::World => {}
        }
        missing
    }

    fn others(self, kinds: Kinds, party: Party, other: Option<DeviceId>) -> Vec<Missing> {
        let anybody = |but| self.of_anybody(kinds, but).into_iter().collect();
        match (other, party) {
            (Some(other), Party::Device(_)) => self.of_device(other, kinds),
            (None, Party::Device(device)) => anybody(Observer::Device(device)),
            (Some(_) | None, Party::Server(server)) => anybody(Observer::Server(server)),
            (Some(_) | None, Party::World) => Vec::new(),
        }
    }

    /// Which facts that are needed have an order that is not known.
    fn order(self, need: Need, party: Party, other: Option<DeviceId>) -> Option<Missing> {
        match need.order {
            Order::ByIds => return None,
            Order::OneLog if !self.coverage.is_separate() => return None,
            Order::OneLog => {}
        }
        let mut observers = Vec::new();
        let mut meant = |device: DeviceId, kinds: Kinds| {
            if !by(kinds, Recorder::Device).is_empty() {
                observers.push(Observer::Device(device));
            }
            if !by(kinds, Recorder::Server).is_empty() {
                observers.push(Observer::Server(self.cast.server_of(device)));
            }
        };
        if let Party::Device(device) = party {
            meant(device, need.own);
        }
        match other {
            Some(other) => meant(other, need.others),
            None if need.others.is_empty() && matches!(party, Party::Device(_)) => {}
            None => (0..self.cast.device_count())
                .for_each(|at| meant(DeviceId::at(at), need.others.or(need.own))),
        }
        if let Party::Server(server) = party {
            observers.push(Observer::Server(server));
        }
        self.coverage.unordered(&observers).map(Missing::Order)
    }

    /// Who is cut off by an announced fault may leave undone what it owes. Since when and how long it was, whoever watches the whole
    /// tells.
    fn outage(self) -> Option<Missing> {
        self.cast.faults().find(|(_, fault)| !fault.cuts_off.is_empty())?;
        self.missing(Observer::World, Kinds::of(&[Kind::FaultStart, Kind::FaultEnd]))
    }

    /// Whether a breach came of an announced fault is told by causes, and those end where facts are missing: then a rule that a
    /// fault may have broken in the party's name cannot be held against it.
    fn excuse(self, rule: Rule, party: Party) -> Option<Missing> {
        self.cast.faults().find(|(_, fault)| fault.covers(rule, party))?;
        // When the fault began is told by whoever watches the whole; what came of it, by everybody.
        let world = self.missing(Observer::World, Kinds::of(&[Kind::FaultStart]));
        let anybody = || self.of_anybody(Kinds::ALL.without(WORLD), Observer::World);
        world.or_else(anybody).or_else(|| {
            let apart = self.coverage.is_separate();
            apart.then_some(Missing::Order([Observer::World, Observer::World]))
        })
    }
}

/// These reasons, with what one observer lacks in one.
fn merged(reasons: Vec<Missing>) -> Vec<Missing> {
    let mut merged: Vec<Missing> = Vec::with_capacity(reasons.len());
    for reason in reasons {
        let known = merged.iter_mut().find(|known| known.is_like(&reason));
        match (known, reason) {
            (Some(Missing::Kinds { kinds, .. }), Missing::Kinds { kinds: more, .. }) => {
                *kinds = kinds.or(more);
            }
            (Some(_), _) => {}
            (None, reason) => merged.push(reason),
        }
    }
    merged
}

/// Those of the kinds that this recorder records.
fn by(kinds: Kinds, recorder: Recorder) -> Kinds {
    kinds.without(match recorder {
        Recorder::World => SERVER.or(DEVICE),
        Recorder::Server => WORLD.or(DEVICE),
        Recorder::Device => WORLD.or(SERVER),
    })
}

const WORLD: Kinds = recorded_by(Recorder::World);
const SERVER: Kinds = recorded_by(Recorder::Server);
const DEVICE: Kinds = recorded_by(Recorder::Device);

const fn recorded_by(recorder: Recorder) -> Kinds {
    let mut kinds = Kinds::NONE;
    let mut next = 0;
    while next < Kind::ALL.len() {
        if Kind::ALL[next].recorder() as u8 == recorder as u8 {
            kinds = kinds.or(Kinds::of(&[Kind::ALL[next]]));
        }
        next += 1;
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::{Missing, Question};
    use crate::check::cast::Cast;
    use crate::check::coverage::Coverage;
    use crate::ids::{DeviceId, ServerId, UserId};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::{Fault, FaultKind, Party};
    use crate::time::SimTime;
    use crate::trace::fact::Observer;
    use crate::trace::kind::{Kind, Kinds};
    use crate::trace::recorded::Recorded;

    const A: DeviceId = DeviceId::new(0);
    const B: DeviceId = DeviceId::new(1);
    const C: DeviceId = DeviceId::new(2);
    const S: Observer = Observer::Server(ServerId::new(0));

    fn cast(faults: Vec<Fault>) -> Cast {
        Cast::new([0, 1, 2].map(UserId::new).to_vec(), [ServerId::new(0); 3].to_vec(), faults)
    }

    fn all_but(missing: &[(Observer, Kind)]) -> Vec<Recorded> {
        let devices = [A, B, C].map(Observer::Device);
        let kinds = |observer| {
            let of = missing.iter().filter(|(one, _)| *one == observer);
            of.fold(Kinds::ALL, |kinds, (_, kind)| kinds.without(Kinds::of(&[*kind])))
        };
        let everybody = devices.into_iter().chain([S, Observer::World]);
        everybody.map(|observer| Recorded { observer, kinds: kinds(observer) }).collect()
    }

    fn lacks(observer: Observer, kinds: &[Kind]) -> Missing {
        Missing::Kinds { observer, kinds: Kinds::of(kinds) }
    }

    fn ask(missing: &[(Observer, Kind)], rule: Rule, other: Option<DeviceId>) -> Option<Missing> {
        let cast = cast(Vec::new());
        let recorded = all_but(missing);
        let coverage = Coverage::of(&cast, &[Some(&recorded[..])]);
        Question { cast: &cast, coverage: &coverage }.rule(rule, Party::Device(A), other)
    }

    #[test]
    fn a_rule_is_undecided_for_a_party_that_did_not_record_what_it_needs() {
        let missing = (Observer::Device(A), Kind::Put);
        let why = lacks(missing.0, &[missing.1]);
        assert_eq!(ask(&[missing], Rule::W09, None), Some(why));
        assert_eq!(ask(&[missing], Rule::R01, None), None, "that needs no transactions");
        assert_eq!(ask(&[missing], Rule::R10, None), None, "that forbids nothing");
        let server = (S, Kind::PutAccepted);
        let why = lacks(S, &[Kind::PutAccepted]);
        assert_eq!(ask(&[server], Rule::W09, None), Some(why), "its server records that");
        assert_eq!(ask(&[(Observer::Device(B), Kind::Put)], Rule::W09, None), None);
    }

    #[test]
    fn everything_that_is_missing_is_named_with_whoever_did_not_record_it() {
        let device = Observer::Device(A);
        let missing = [
            (device, Kind::Put),
            (device, Kind::MegolmEncrypted),
            (device, Kind::Listed),
            (S, Kind::PutAccepted),
        ];
        let cast = cast(Vec::new());
        let recorded = all_but(&missing);
        let coverage = Coverage::of(&cast, &[Some(&recorded[..])]);
        let question = Question { cast: &cast, coverage: &coverage };
        let of_a = question.reasons(Rule::K01, Party::Device(A), None);
        let own = lacks(device, &[Kind::Put, Kind::MegolmEncrypted]);
        assert_eq!(of_a, [own, lacks(S, &[Kind::PutAccepted])], "a server lists, and no device");
        assert_eq!(question.rule(Rule::K01, Party::Device(A), None), Some(own));
        let rows = question.all();
        let k01: Vec<_> = rows.iter().filter(|row| row.rule == Rule::K01).collect();
        assert_eq!(
            k01.iter().map(|row| row.why).collect::<Vec<_>>(),
            [lacks(S, &[Kind::PutAccepted]), own]
        );
    }

    #[test]
    fn where_another_is_concerned_that_one_counts() {
        let missing = (Observer::Device(B), Kind::Try);
        let why = Some(lacks(missing.0, &[missing.1]));
        assert_eq!(ask(&[missing], Rule::K01, Some(B)), why);
        assert_eq!(ask(&[missing], Rule::K01, Some(C)), None);
        assert_eq!(ask(&[missing], Rule::K01, None), why, "nobody in particular is anybody");
    }

    #[test]
    fn where_facts_are_missing_nobody_is_blamed_for_what_an_announced_fault_may_have_done() {
        let kind = FaultKind::StoreRolledBack { device: A, snapshot: SimTime::ZERO };
        let cast = cast(vec![Fault { from: SimTime::ZERO, until: SimTime::MAX, kind }]);
        let recorded = all_but(&[(S, Kind::Listed)]);
        let coverage = Coverage::of(&cast, &[Some(&recorded[..])]);
        let question = Question { cast: &cast, coverage: &coverage };
        assert!(question.rule(Rule::W09, Party::Device(A), None).is_some());
        assert_eq!(question.rule(Rule::W09, Party::Device(B), None), None);
    }
}
