//! The ways in which devices with matrix-sdk-crypto broke rules in a run: each breach with what makes it the same in another room.
//! It does not know which of them are known.

use std::collections::BTreeMap;

use withheld::check::outcome::{Outcome, Violation};
use withheld::ids::{DeviceId, FactId, OlmSessionId};
use withheld::protocol::to_device::OlmEvent;
use withheld::rulebook::rule::Rule;
use withheld::run::signature::Signature;
use withheld::scenario::fault::Party;
use withheld::scenario::file::known_profile;
use withheld::scenario::model::Scenario;
use withheld::scenario::profile::ProfileName;
use withheld::time::{SimDuration, SimTime};
use withheld::trace::fact::{ClaimOutcome, Fact, FactKind, OlmCause, OlmResult, SentContent};
use withheld::trace::kind::Kind;

/// A way to break a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// What makes it the same in a smaller room.
    pub signature: Signature,
    /// What shows it: the facts that the judgement rests on, in the order of time, without names. They are the same in a smaller room, since
    /// nothing of it is a detour.
    pub shown: Vec<String>,
}

impl Way {
    /// The way of a violation with this signature in a run with these facts.
    #[must_use]
    pub fn of(facts: &[Fact], violation: &Violation, signature: Signature) -> Self {
        let fact = |id: &FactId| facts.get(id.index()).filter(|fact| fact.id == *id);
        let witnesses = violation.witnesses.iter().flatten().filter_map(fact);
        let session =
            |fact: &Fact| (violation.rule == Rule::U01).then(|| session_before(facts, fact));
        let detail = |fact: &Fact| session(fact).flatten().or_else(|| detail(&fact.kind));
        let told = |fact: &Fact| {
            let kind = Kind::of(&fact.kind).as_str();
            detail(fact).map_or_else(|| kind.to_owned(), |detail| format!("{kind} ({detail})"))
        };
        let witnesses: Vec<&Fact> = witnesses.collect();
        let shown = without_its_time(&witnesses).iter().map(|fact| told(fact)).collect();
        Self { signature, shown }
    }

    /// Whether a smaller room that breaks its rule as `other` does breaks it like this one.
    #[must_use]
    pub fn is_kept_by(&self, other: &Self) -> bool {
        self.signature.is_kept_by(&other.signature) && self.shown == other.shown
    }
}

/// What is left of the facts that show a breach if one fact shows all of it: a notice that says what is not so does by itself. The judge
/// speaks when its server accepts it or, while reasons are changing, with the message that it is for: its sender does the same in both cases.
fn without_its_time<'w, 'f>(witnesses: &'w [&'f Fact]) -> &'w [&'f Fact] {
    let is_notice = |fact: &Fact| {
        matches!(fact.kind, FactKind::PutTarget { content: SentContent::Withheld(_), .. })
    };
    let is_occasion =
        |fact: &Fact| matches!(Kind::of(&fact.kind), Kind::PutAccepted | Kind::MegolmEncrypted);
    match witnesses {
        [put, at] if is_notice(put) && is_occasion(at) => &witnesses[..1],
        all => all,
    }
}

/// An Olm session that is younger than this is not replaced (U-02), and what a client does about a message that it cannot decrypt depends on that.
const RECOVERY: SimDuration = SimDuration::from_hours(1);

/// One of at least this age is more than an hour old for matrix-sdk-crypto as well, which counts whole seconds.
const REPLACED: SimDuration = SimDuration::from_secs(3_601);

/// What Olm session a device had with the sender of a message when it could not decrypt it.
fn session_before(facts: &[Fact], failure: &Fact) -> Option<&'static str> {
    let FactKind::OlmDecrypt { device, peer, result: OlmResult::Failed(_), .. } = failure.kind
    else {
        return None;
    };
    let mut made: BTreeMap<OlmSessionId, SimTime> = BTreeMap::new();
    for fact in facts.iter().take_while(|fact| fact.id < failure.id) {
        if let FactKind::OlmNew { device: of, peer: with, session, .. } = fact.kind
            && (of, with) == (device, peer)
        {
            made.insert(session, fact.clock);
        } else if let FactKind::OlmDropped { device: of, peer: with, session, .. } = fact.kind
            && (of, with) == (device, peer)
        {
            made.remove(&session);
        }
    }
    Some(match made.values().max() {
        None => "without a session",
        Some(newest) if failure.clock.since(*newest) < RECOVERY => {
            "with a session of the last hour"
        }
        Some(newest) if failure.clock.since(*newest) < REPLACED => "with a session of an hour",
        Some(_) => "with an older session",
    })
}

/// Where the kind of a fact says little of what a client did: what was in it or came of it.
fn detail(fact: &FactKind) -> Option<&'static str> {
    if let FactKind::OlmNew { why, .. } = fact {
        Some(match why {
            OlmCause::Share => "to send a key",
            OlmCause::Reply => "to answer a request",
            OlmCause::Unwedge => "to recover",
            OlmCause::NoOlm => "after m.no_olm",
            OlmCause::Received => "of the other side",
        })
    } else if let FactKind::ClaimEnd { outcome, .. } = fact {
        Some(match outcome {
            ClaimOutcome::Key { .. } => "a key",
            ClaimOutcome::NoKey => "no key",
            ClaimOutcome::Failed(_) => "failed",
        })
    } else if let FactKind::OlmEncrypted { event, .. } = fact {
        Some(name_of(event))
    } else if let FactKind::PutTarget { content, .. } = fact {
        Some(match content {
            SentContent::Olm(event) | SentContent::Clear(event) => name_of(event),
            SentContent::Sealed => "sealed",
            SentContent::Withheld(notice) => match notice.code.value() {
                Some(code) => code.as_str(),
                None => "a code that nobody knows",
            },
            SentContent::KeyRequest(_) => "m.room_key_request",
        })
    } else {
        None
    }
}

const fn name_of(event: &OlmEvent) -> &'static str {
    match event {
        OlmEvent::RoomKey(_) => "m.room_key",
        OlmEvent::ForwardedRoomKey(_) => "m.forwarded_room_key",
        OlmEvent::Dummy { .. } => "m.dummy",
        OlmEvent::Withheld(_) => "m.room_key.withheld",
        OlmEvent::RoomKeyBundle(_) => "m.room_key_bundle",
    }
}

/// How these devices broke rules in a run with these facts, without an excuse.
#[must_use]
pub fn ways(
    scenario: &Scenario,
    (outcome, facts): (&Outcome, &[Fact]),
    devices: &[DeviceId],
) -> Vec<(Violation, Way)> {
    let bare = without_habits(scenario, devices);
    let own = outcome.violations.iter().filter(|one| one.injected.is_none());
    let own =
        own.filter(|one| matches!(one.party, Party::Device(device) if devices.contains(&device)));
    own.map(|one| (*one, Way::of(facts, one, Signature::of(&bare, outcome, facts, one)))).collect()
}

/// A scenario where these devices have no habits: whatever a file says of them, a real client has its own.
#[must_use]
pub fn without_habits(scenario: &Scenario, devices: &[DeviceId]) -> Scenario {
    let mut bare = scenario.clone();
    for device in devices {
        bare.devices[device.index()].habits = known_profile(ProfileName::Specification).habits;
    }
    bare
}

/// A way in words, for a reader who wants to know what is new in it.
#[must_use]
pub fn words(way: &Way) -> String {
    let kinds: Vec<&str> = way.signature.kinds.iter().map(String::as_str).collect();
    format!("{}; after {}", outline(way), kinds.join(", "))
}

/// The same without what led there, which detours add to.
#[must_use]
pub fn outline(Way { signature, shown }: &Way) -> String {
    let rule = signature.rule.id();
    let leaf = signature.leaf.map(|leaf| format!("{}, ", leaf.name())).unwrap_or_default();
    format!("{rule}: {}, {leaf}shown by {}", severity(signature), shown.join(", "))
}

const fn severity(way: &Signature) -> &'static str {
    match way.severity {
        withheld::rulebook::reading::Severity::Violation => "violation",
        withheld::rulebook::reading::Severity::Warning => "warning",
    }
}
