//! EXPLAINED: every message at every device gets a verdict, which names the first stage of the delivery that broke.
//! It does not know rules that say how something is to be done; it asks only whether the device can read, and if not,
//! whether it was told why or need not be.

mod awareness;
mod compare;
mod cover;
mod delivery;
mod entitlement;
mod sharing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::check::breaches::Breach;
use crate::check::findings::Findings;
use crate::check::outcome::Verdict;
use crate::check::view::View;
use crate::check::view::duties::{Duty, Told};
use crate::check::view::holdings::Holding;
use crate::check::view::life::Moment;
use crate::check::view::messages::{Encrypted, Failed};
use crate::ids::{DeviceId, FactId, MegolmSessionId, MessageId, RoomId};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::RunEnd;

/// What makes two findings one breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    /// The same fact.
    Fact(FactId),
    /// The same omission for a whole session.
    Session(MegolmSessionId),
}

/// The rule that a finding breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Blame {
    rule: Rule,
    party: Party,
    scope: Scope,
}

/// What was found for one message at one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Finding {
    leaf: Leaf,
    code: Option<WithheldCode>,
    blame: Option<Blame>,
    /// The most telling first.
    witnesses: [Option<FactId>; 3],
}

impl Finding {
    /// A finding that blames nobody.
    const fn of(leaf: Leaf, witnesses: [Option<FactId>; 3]) -> Self {
        Self { leaf, code: None, blame: None, witnesses }
    }

    /// A finding that breaks a rule.
    const fn fault(leaf: Leaf, blame: Blame, witnesses: [Option<FactId>; 3]) -> Self {
        Self { leaf, code: None, blame: Some(blame), witnesses }
    }

    /// This, with the code of the notice that it is about.
    const fn with_code(mut self, code: Option<WithheldCode>) -> Self {
        self.code = code;
        self
    }
}

/// One message at one device.
#[derive(Debug, Clone, Copy)]
struct Cell<'a> {
    view: &'a View,
    message: MessageId,
    encrypted: &'a Encrypted,
    /// When the sender's server accepted the message.
    accepted: FactId,
    device: DeviceId,
    /// What the sender owed; `None` if it could not know of the device's user at all.
    duty: Option<Duty>,
    /// Whether nothing more can come.
    quiescent: bool,
}

impl Cell<'_> {
    fn sender(&self) -> DeviceId {
        self.encrypted.sender
    }

    /// The key of the message's session at the device, held or lost.
    fn holding(&self) -> Option<&Holding> {
        self.view.holdings.of(self.device, self.encrypted.session)
    }

    /// The device's last attempt to read the message, if it did not work.
    fn failure(&self) -> Option<Failed> {
        self.view.messages.failure(self.message, self.device)
    }
}

/// The verdicts by message, then device; breaches of rules go to `findings`.
pub(crate) fn judge(view: &View, end: RunEnd, findings: &mut Findings) -> Vec<Verdict> {
    let quiescent = match end {
        RunEnd::Quiescent => true,
        RunEnd::Horizon | RunEnd::ActionLimit => false,
    };
    let mut rosters: BTreeMap<RoomId, Vec<(DeviceId, usize)>> = BTreeMap::new();
    let mut known = BTreeSet::new();
    let devices = view.messages.all_accepted().map(|(.., room)| view.rooms.roster(room).len());
    let mut verdicts = Vec::with_capacity(devices.sum());
    for (message, accepted, room) in view.messages.all_accepted() {
        let roster = rosters.entry(room).or_insert_with(|| sorted_roster(view, room));
        let encrypted = view.messages.encryption(message);
        for (device, position) in roster.iter().copied() {
            let Some(encrypted) = encrypted else {
                verdicts.push(undecided(message, device, accepted));
                continue;
            };
            if device == encrypted.sender {
                continue;
            }
            let duty = view.duties.get(encrypted.snapshot, position);
            let cell = Cell { view, message, encrypted, accepted, device, duty, quiescent };
            let finding = find(&cell);
            meet(&cell, &finding, findings);
            if let Some(blame) = finding.blame
                && known.insert((blame.rule, blame.party, blame.scope))
            {
                findings.confirm(breach(&cell, &finding, blame));
            }
            verdicts.push(Verdict {
                message,
                device,
                leaf: finding.leaf,
                code: finding.code,
                party: finding.blame.map(|blame| blame.party),
                witnesses: finding.witnesses,
            });
        }
    }
    verdicts
}

/// Counts the rules for which this message at this device is an occasion: which key is due and which is not, and who is told.
fn meet(cell: &Cell<'_>, finding: &Finding, findings: &mut Findings) {
    match cell.duty {
        Some(Duty::Owed { since, .. }) => {
            let rule = sharing::rule(cell, since);
            // Their own judges count these two.
            if !matches!(rule, Rule::N07 | Rule::K10) {
                findings.met(rule);
            }
        }
        Some(Duty::Barred { code, told, .. }) => {
            let rule = if code == WithheldCode::Blacklisted { Rule::K06 } else { Rule::K08 };
            findings.met(rule);
            if told == Told::Yes {
                findings.met(Rule::W01);
            }
        }
        Some(Duty::NotEligible { .. } | Duty::Unlisted(_)) | None => {}
    }
    if finding.leaf == Leaf::NotDisplayed {
        findings.met(Rule::V03);
    }
    if matches!(finding.leaf, Leaf::Withheld | Leaf::NoticeNotUsed)
        && names_another_key(cell, finding)
    {
        findings.met(Rule::P13);
    }
}

/// Whether the notice that a finding rests on names another key than that of its sender, so that who goes by it finds nothing.
fn names_another_key(cell: &Cell<'_>, finding: &Finding) -> bool {
    let mut about = cell.view.notices.about(cell.encrypted.session, cell.device);
    about.any(|notice| {
        let message = cell.view.transport.get(notice.number);
        let named = notice.content.sender_key;
        finding.witnesses.contains(&Some(message.put.fact))
            && named.is_string()
            && named.value() != Some(message.sender)
    })
}

/// The devices of a room in ascending order, each with its position on the roster.
fn sorted_roster(view: &View, room: RoomId) -> Vec<(DeviceId, usize)> {
    let roster = view.rooms.roster(room).iter().copied().enumerate();
    let mut sorted: Vec<_> = roster.map(|(position, device)| (device, position)).collect();
    sorted.sort_unstable();
    sorted
}

/// Of a message whose encryption nobody observed, nothing can be said, not even who sent it.
fn undecided(message: MessageId, device: DeviceId, accepted: FactId) -> Verdict {
    Verdict {
        message,
        device,
        leaf: Leaf::Pending,
        code: None,
        party: None,
        witnesses: [Some(accepted), None, None],
    }
}

/// The breach that a finding is.
fn breach(cell: &Cell<'_>, finding: &Finding, blame: Blame) -> Breach {
    let mut witnesses = finding.witnesses;
    witnesses.sort_by_key(|witness| witness.map_or((true, None), |fact| (false, Some(fact))));
    // A fault that leaves a message unread counts in every reading, but that a notice covers a whole session stands in the
    // MSC only, like its counterpart W-09.
    // Neither does what follows from it, that a late notice is looked back with.
    let severity = if matches!(blame.rule, Rule::P02 | Rule::P09) {
        cell.view.reading.severity(blame.rule)
    } else {
        Severity::Violation
    };
    Breach {
        rule: blame.rule,
        party: blame.party,
        severity,
        cell: Some((cell.message, cell.device)),
        witnesses,
    }
}

/// Walks the delivery; the first stage that broke decides.
fn find(cell: &Cell<'_>) -> Finding {
    if let Some(finding) = delivery::readable(cell) {
        return finding;
    }
    let finding =
        entitlement::missing(cell).unwrap_or_else(|| with_memory(cell, compare::by_duty(cell)));
    if let Some(told) = delivery::history_not_shared(cell)
        && (may_be_known_otherwise(finding.leaf) || is_before_membership(finding.leaf))
    {
        return told;
    }
    if may_be_known_otherwise(finding.leaf)
        && let Some(partial) = delivery::partial(cell)
    {
        return partial;
    }
    finding
}

/// *Rolled back*: a sender whose store became an older one may not know what it owed or had sent any more. What it is
/// found to have left out or got wrong is the doing of that loss.
fn with_memory(cell: &Cell<'_>, finding: Finding) -> Finding {
    let sender = cell.sender();
    let blamed = finding.blame.is_some_and(|blame| blame.party == Party::Device(sender));
    let moment = Moment { fact: cell.encrypted.fact, at: cell.encrypted.at };
    match cell.view.life.unsettled_by(sender, moment) {
        Some(restore) if blamed && cell.view.may_not_know(cell.encrypted, cell.device) => {
            Finding::of(Leaf::StorageLoss, [Some(restore), Some(cell.encrypted.fact), None])
        }
        Some(_) | None => finding,
    }
}

/// Whether the message is of the past that a history bundle is there for.
const fn is_before_membership(leaf: Leaf) -> bool {
    matches!(leaf, Leaf::NotAMember | Leaf::InvitedOnly)
}

/// Whether a key that came from elsewhere, if only in part, says more than this excuse.
fn may_be_known_otherwise(leaf: Leaf) -> bool {
    matches!(
        leaf,
        Leaf::DeviceNewer
            | Leaf::MembershipNotSeen
            | Leaf::Unaware
            | Leaf::StaleList
            | Leaf::OptedOut
            | Leaf::SenderGone
    )
}
