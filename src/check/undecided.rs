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
    /// What this observer saw of this kind was not recorded.
    Kind {
        /// Who should have.
        observer: Observer,
        /// The first kind that is missing.
        kind: Kind,
    },
    /// What these two saw stands in different logs, so its order is not known.
    Order([Observer; 2]),
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
        let why = Missing::Kind { observer: Observer::World, kind: Kind::RunEnd };
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
    /// Why the rule cannot be decided for the party: of whom it deals with, `other` alone is meant if one is given.
    pub(crate) fn rule(self, rule: Rule, party: Party, other: Option<DeviceId>) -> Option<Missing> {
        if self.coverage.is_complete() {
            return None;
        }
        let need = needs::of(rule)?;
        self.own(need.own, party)
            .or_else(|| self.others(need.others, party, other))
            .or_else(|| self.order(need, party, other))
            .or_else(|| self.excuse(rule, party))
            .or_else(|| {
                self.outage().filter(|_| {
                    need.own == needs::VERDICTS || matches!(rule, Rule::C03 | Rule::C08)
                })
            })
    }

    /// Why the verdict of a message of `sender` at `device` cannot be given, if it rests on what was not recorded.
    pub(crate) fn verdict(self, sender: DeviceId, device: DeviceId) -> Option<Missing> {
        if self.coverage.is_complete() {
            return None;
        }
        let need = Need { own: needs::VERDICTS, others: needs::VERDICTS, order: Order::OneLog };
        let party = Party::Device(sender);
        self.own(need.own, party)
            .or_else(|| self.others(need.others, party, Some(device)))
            .or_else(|| self.order(need, party, Some(device)))
            .or_else(|| self.outage())
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
                if let Some(why) = self.rule(*rule, party, None) {
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
        let kind = self.coverage.missing_of(observer, kinds).iter().next()?;
        Some(Missing::Kind { observer, kind })
    }

    fn of_device(self, device: DeviceId, kinds: Kinds) -> Option<Missing> {
        let server = self.cast.server_of(device);
        self.missing(Observer::Device(device), by(kinds, Recorder::Device))
            .or_else(|| self.missing(Observer::Server(server), by(kinds, Recorder::Server)))
    }

    fn of_anybody(self, kinds: Kinds, but: Observer) -> Option<Missing> {
        kinds.iter().find_map(|kind| {
            let observer = self.coverage.lacking(kind, but)?;
            Some(Missing::Kind { observer, kind })
        })
    }

    fn own(self, kinds: Kinds, party: Party) -> Option<Missing> {
        let world = self.missing(Observer::World, by(kinds, Recorder::World));
        world.or_else(|| match party {
            Party::Device(device) => self.of_device(device, kinds),
            Party::Server(server) => self
                .missing(Observer::Server(server), by(kinds, Recorder::Server))
                .or_else(|| self.of_anybody(by(kinds, Recorder::Device), Observer::World)),
            Party::World => None,
        })
    }

    fn others(self, kinds: Kinds, party: Party, other: Option<DeviceId>) -> Option<Missing> {
        match (other, party) {
            (Some(other), Party::Device(_)) => self.of_device(other, kinds),
            (None, Party::Device(device)) => self.of_anybody(kinds, Observer::Device(device)),
            (Some(_) | None, Party::Server(server)) => {
                self.of_anybody(kinds, Observer::Server(server))
            }
            (Some(_) | None, Party::World) => None,
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
        let anybody = || {
            Kind::ALL.iter().find_map(|kind| {
                let observer = self.coverage.lacking(*kind, Observer::World)?;
                Some(Missing::Kind { observer, kind: *kind })
            })
        };
        world.or_else(anybody).or_else(|| {
            let apart = self.coverage.is_separate();
            apart.then_some(Missing::Order([Observer::World, Observer::World]))
        })
    }
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

    fn ask(missing: &[(Observer, Kind)], rule: Rule, other: Option<DeviceId>) -> Option<Missing> {
        let cast = cast(Vec::new());
        let recorded = all_but(missing);
        let coverage = Coverage::of(&cast, &[Some(&recorded[..])]);
        Question { cast: &cast, coverage: &coverage }.rule(rule, Party::Device(A), other)
    }

    #[test]
    fn a_rule_is_undecided_for_a_party_that_did_not_record_what_it_needs() {
        let missing = (Observer::Device(A), Kind::Put);
        let why = Missing::Kind { observer: missing.0, kind: missing.1 };
        assert_eq!(ask(&[missing], Rule::W09, None), Some(why));
        assert_eq!(ask(&[missing], Rule::R01, None), None, "that needs no transactions");
        assert_eq!(ask(&[missing], Rule::R10, None), None, "that forbids nothing");
        let server = (S, Kind::PutAccepted);
        let why = Missing::Kind { observer: S, kind: Kind::PutAccepted };
        assert_eq!(ask(&[server], Rule::W09, None), Some(why), "its server records that");
        assert_eq!(ask(&[(Observer::Device(B), Kind::Put)], Rule::W09, None), None);
    }

    #[test]
    fn where_another_is_concerned_that_one_counts() {
        let missing = (Observer::Device(B), Kind::Try);
        let why = Some(Missing::Kind { observer: missing.0, kind: missing.1 });
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
