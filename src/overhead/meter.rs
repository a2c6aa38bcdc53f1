//! The meter of a run: it counts what facts tell while they come, and what the judgement says of them in the end.
//! It does not see requests, which `wire` counts, and does not know under which policy the run is.

use std::collections::BTreeMap;

use crate::check::outcome::{Outcome, Verdict};
use crate::ids::{BitSet, DeviceId, MessageId, TxnId};
use crate::overhead::mailboxes::{Course, Mailboxes};
use crate::overhead::measure::{Figures, Measure, percentile};
use crate::overhead::reads::{Reads, Seen};
use crate::overhead::trust::Trust;
use crate::protocol::to_device::OlmEvent;
use crate::protocol::withheld::{WithheldCode, WithheldContent};
use crate::rulebook::groups::{REPEATED, WRONG_HANDS};
use crate::rulebook::leaf::{Leaf, LeafClass};
use crate::rulebook::reading::{Reading, Severity};
use crate::scenario::model::Scenario;
use crate::trace::fact::{Fact, FactKind, SentContent};
use crate::trace::sink::FactSink;

/// Counts what happens in a run.
#[derive(Debug, Clone)]
pub struct Meter {
    /// Figures that only grow, by measure.
    counts: [u64; Measure::ALL.len()],
    /// What the transactions hold that no server has accepted yet.
    open: BTreeMap<TxnId, Vec<Measure>>,
    mailboxes: Mailboxes,
    reads: Reads,
    trust: Trust,
    /// By message: who sent it, and who was verified for the sender then.
    sent: BTreeMap<MessageId, (DeviceId, BitSet)>,
}

impl Meter {
    /// A meter of a run of this room.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            counts: [0; Measure::ALL.len()],
            open: BTreeMap::new(),
            mailboxes: Mailboxes::new(scenario.devices.len()),
            reads: Reads::default(),
            trust: Trust::new(scenario),
            sent: BTreeMap::new(),
        }
    }

    /// The figures of the run, but those of its requests; and how its mailboxes were filled.
    #[must_use]
    pub fn finish(mut self, outcome: &Outcome) -> (Figures, Course) {
        self.judge(outcome);
        let mut figures = Figures::default();
        for measure in COUNTED {
            figures.set(*measure, self.counts[*measure as usize]);
        }
        let [explained, dark] = [Measure::Explained, Measure::Unexplained].map(|m| self.count(m));
        if let Some(share) = (explained * 1_000).checked_div(explained + dark) {
            figures.set(Measure::ExplainedShare, share);
        }
        let peaks = self.mailboxes.peaks();
        figures.set(Measure::MailboxWait, self.mailboxes.waited_seconds());
        let (explanations, decryptions) = self.reads.into_delays();
        for (measure, sorted, percent) in [
            (Measure::MailboxMax, &peaks, 100),
            (Measure::MailboxP50, &peaks, 50),
            (Measure::MailboxP99, &peaks, 99),
            (Measure::ExplainP50, &explanations, 50),
            (Measure::ExplainP99, &explanations, 99),
            (Measure::DecryptP50, &decryptions, 50),
            (Measure::DecryptP99, &decryptions, 99),
        ] {
            if let Some(value) = percentile(sorted, percent) {
                figures.set(measure, value);
            }
        }
        (figures, self.mailboxes.into_course())
    }

    const fn count(&self, measure: Measure) -> u64 {
        self.counts[measure as usize]
    }

    const fn add(&mut self, measure: Measure) {
        self.counts[measure as usize] += 1;
    }

    /// What the judgement says of the cells and of those who broke rules.
    fn judge(&mut self, outcome: &Outcome) {
        for verdict in &outcome.verdicts {
            let due = due(verdict.leaf);
            if due == Due::Nothing {
                continue;
            }
            self.add(Measure::Cells);
            let seen = self.reads.seen(verdict.message, verdict.device);
            let was_read = seen == Seen::Decrypted || verdict.leaf.class() == LeafClass::Ok;
            self.add(if due == Due::Open {
                Measure::Pending
            } else if was_read {
                Measure::Decrypted
            } else if is_explained(verdict, seen, &outcome.reading) {
                Measure::Explained
            } else {
                Measure::Unexplained
            });
        }
        for violation in outcome.violations.iter().filter(|one| one.injected.is_none()) {
            if REPEATED.contains(&violation.rule) {
                self.add(Measure::Spam);
            } else if WRONG_HANDS.contains(&violation.rule) {
                self.add(Measure::WrongHands);
            } else if violation.severity == Severity::Violation {
                self.add(Measure::OtherBreaches);
            }
        }
        for _ in &outcome.unsent {
            self.add(Measure::Unsent);
        }
    }

    /// Facts on to-device messages before they lie in a mailbox.
    fn hear_transport(&mut self, fact: &Fact) {
        if let FactKind::PutTarget { txn, content, .. } = fact.kind {
            self.open.entry(txn).or_default().push(kind_of(content));
        } else if let FactKind::PutAccepted { txn, .. } = fact.kind {
            for kind in self.open.remove(&txn).unwrap_or_default() {
                self.add(Measure::Messages);
                if is_notice(kind) {
                    self.add(Measure::Notices);
                }
                self.add(kind);
            }
        } else if let FactKind::Claim { .. } = fact.kind {
            self.add(Measure::Claims);
        } else if let FactKind::KeyHandedOut { fallback, claim: Some(_), .. } = fact.kind {
            self.add(if fallback { Measure::FallbackKeys } else { Measure::OneTimeKeys });
        } else {
            self.hear_mailbox(fact);
        }
    }

    fn hear_mailbox(&mut self, fact: &Fact) {
        let Fact { at, kind, .. } = fact;
        let at = *at;
        if let FactKind::Enqueued { message, recipient, .. } = *kind {
            self.mailboxes.put(at, recipient, message);
        } else if let FactKind::Acknowledged { device, message } = *kind {
            self.mailboxes.take(at, device, message);
        } else if let FactKind::Lost { recipient, message: Some(message), .. } = *kind {
            self.mailboxes.take(at, recipient, message);
        } else if let FactKind::DeviceDeleted { device } = *kind {
            self.mailboxes.drop_all(at, device);
        } else if let FactKind::RunEnd(_) = *kind {
            self.mailboxes.end(at);
        } else {
            self.hear_messages(fact);
        }
    }

    fn hear_messages(&mut self, fact: &Fact) {
        let kind = &fact.kind;
        if let FactKind::MessageReceived { device, message } = *kind {
            self.reads.arrive(fact.at, message, device);
        } else if let FactKind::Try { device, message, result } = *kind {
            if self.reads.tried(fact.at, (message, device), result) {
                self.note_reader(message, device);
            }
        } else if let FactKind::MegolmEncrypted { device, message, .. } = *kind {
            self.sent.insert(message, (device, self.trust.verified_by(device)));
        } else if let FactKind::CrossSigned { device } = *kind {
            self.trust.sign(device);
        } else if let FactKind::IdentitySet { user, .. } = *kind {
            self.trust.reset(user);
        } else if let FactKind::VerifiedSet { device, target, verified } = *kind {
            self.trust.verify(device, target, verified);
        }
    }

    fn note_reader(&mut self, message: MessageId, device: DeviceId) {
        let Some((sender, verified)) = self.sent.get(&message) else { return };
        if *sender != device && !verified.contains(device.index()) {
            self.add(Measure::UnverifiedReaders);
        }
    }
}

impl FactSink for Meter {
    fn record(&mut self, fact: &Fact) {
        self.hear_transport(fact);
    }
}

/// Whether the device shows a true reason; or, where that is read so, was told once for all.
fn is_explained(verdict: &Verdict, seen: Seen, reading: &Reading) -> bool {
    let stands = verdict.leaf == Leaf::StandingNoOlm;
    (seen == Seen::Explained && verdict.leaf != Leaf::FalseExplanation)
        || (stands && verdict.class(reading) == LeafClass::Explained)
}

/// The measures that this meter counts one by one.
const COUNTED: &[Measure] = &[
    Measure::Messages,
    Measure::Keys,
    Measure::ForwardedKeys,
    Measure::Notices,
    Measure::Blacklisted,
    Measure::Unverified,
    Measure::Unauthorised,
    Measure::Unavailable,
    Measure::NoOlm,
    Measure::HistoryNotShared,
    Measure::OtherNotices,
    Measure::Dummies,
    Measure::KeyRequests,
    Measure::OtherMessages,
    Measure::Claims,
    Measure::OneTimeKeys,
    Measure::FallbackKeys,
    Measure::Cells,
    Measure::Decrypted,
    Measure::Explained,
    Measure::Unexplained,
    Measure::Pending,
    Measure::Spam,
    Measure::WrongHands,
    Measure::OtherBreaches,
    Measure::UnverifiedReaders,
    Measure::Unsent,
];

/// The measure that counts messages with this content.
fn kind_of(content: SentContent) -> Measure {
    match content {
        SentContent::Olm(event) | SentContent::Clear(event) => match event {
            OlmEvent::RoomKey(_) => Measure::Keys,
            OlmEvent::ForwardedRoomKey(_) => Measure::ForwardedKeys,
            OlmEvent::Dummy { .. } => Measure::Dummies,
            OlmEvent::Withheld(notice) => notice_of(&notice),
            OlmEvent::RoomKeyBundle(_) => Measure::OtherMessages,
        },
        SentContent::Sealed => Measure::OtherMessages,
        SentContent::Withheld(notice) => notice_of(&notice),
        SentContent::KeyRequest(_) => Measure::KeyRequests,
    }
}

fn notice_of(notice: &WithheldContent) -> Measure {
    match notice.code.value() {
        Some(WithheldCode::Blacklisted) => Measure::Blacklisted,
        Some(WithheldCode::Unverified) => Measure::Unverified,
        Some(WithheldCode::Unauthorised) => Measure::Unauthorised,
        Some(WithheldCode::Unavailable) => Measure::Unavailable,
        Some(WithheldCode::NoOlm) => Measure::NoOlm,
        Some(WithheldCode::HistoryNotShared) => Measure::HistoryNotShared,
        None => Measure::OtherNotices,
    }
}

fn is_notice(kind: Measure) -> bool {
    let notices = [
        Measure::Blacklisted,
        Measure::Unverified,
        Measure::Unauthorised,
        Measure::Unavailable,
        Measure::NoOlm,
        Measure::HistoryNotShared,
        Measure::OtherNotices,
    ];
    notices.contains(&kind)
}

/// Whether a sender had to do with a device at all when it sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// It owed the device the key, or kept it from the device.
    KeyOrWord,
    /// It did not know the device, or the device was none of the room's.
    Nothing,
    /// That is not decided.
    Open,
}

const fn due(leaf: Leaf) -> Due {
    match leaf {
        Leaf::Pending => Due::Open,
        Leaf::NotAMember
        | Leaf::InvitedOnly
        | Leaf::DeviceNewer
        | Leaf::NonCryptographic
        | Leaf::Gone
        | Leaf::MembershipNotSeen
        | Leaf::Unaware
        | Leaf::StaleList
        | Leaf::InvalidMessage => Due::Nothing,
        Leaf::Delivered
        | Leaf::ExplanationLost
        | Leaf::OptedOut
        | Leaf::NoteNeverSent
        | Leaf::WrongList
        | Leaf::Withheld
        | Leaf::Unexplained
        | Leaf::FalseExplanation
        | Leaf::NoOlm
        | Leaf::StandingNoOlm
        | Leaf::SenderGone
        | Leaf::Wedged
        | Leaf::KeyExpired
        | Leaf::Rejected
        | Leaf::LostAtRecipient
        | Leaf::StorageLoss
        | Leaf::PartialRestore
        | Leaf::ForwardedWithheld
        | Leaf::HistoryNotShared
        | Leaf::NotDisplayed
        | Leaf::NoticeNotUsed
        | Leaf::NoOlmNotUsed
        | Leaf::SharedTooLate
        | Leaf::NotUnwedged
        | Leaf::KeyHandedOutTwice
        | Leaf::DroppedEarly
        | Leaf::Overwritten
        | Leaf::Unknown => Due::KeyOrWord,
    }
}
