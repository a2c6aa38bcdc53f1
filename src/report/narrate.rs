//! One fact in words: a clause that says who did what to whom.
//! It does not know why a fact is told, nor which rule it bears on.

use crate::trace::fact::{Fact, FactKind};

use super::names::Names;
use super::steps::step;
use super::words::Word;

/// What a fact says, without its time.
pub(super) fn clause(names: &Names<'_>, fact: &Fact) -> String {
    if let FactKind::UserStep(position) = fact.kind
        && let Some(timed) = names.scenario.timeline.get(position as usize)
    {
        return step(names, &timed.step);
    }
    of_kind(names, fact)
}

/// Declares the clause of every kind of fact. Fields in braces are replaced by their words; a yes-or-no field has its
/// two phrases behind it.
macro_rules! clauses {
    ($observer:ident; $(
        $variant:ident $(($single:ident))? $({ $($field:ident $([$yes:literal, $no:literal])?),* })? $text:literal;
    )*) => {
        fn of_kind(names: &Names<'_>, fact: &Fact) -> String {
            let $observer = fact.observer.word(names);
            match &fact.kind {
                $(FactKind::$variant $(($single))? $({ $($field,)* .. })? => {
                    $(let $single = $single.word(names);)?
                    $($(let $field = word!(names, $field $([$yes, $no])?);)*)?
                    format!($text)
                })*
            }
        }
    };
}

/// The word of a field.
macro_rules! word {
    ($names:ident, $field:ident) => {
        $field.word($names)
    };
    ($names:ident, $field:ident [$yes:literal, $no:literal]) => {
        if *$field { $yes } else { $no }
    };
}

clauses! {
    observer;
    UserStep(step) "step {step} of the timeline was due";
    FaultStart(fault) "{fault} came into force";
    FaultEnd(fault) "{fault} ended";
    RunEnd(end) "the run ended: {end}";
    Member { room, user, membership } "{user} {membership} {room}, as {observer} saw it";
    HistoryVisibility { room, value } "the history visibility of {room} became {value} at {observer}";
    Encryption { room, rotation } "sessions of {room} rotate {rotation} from here on at {observer}";
    RoomSeen { device, room, seq } "{device} saw the state of {room} up to event {seq}";
    MemberNotTold { device, room, user } "{device} was not told that {user} is in {room}";
    DeviceUp { device, crypto ["with", "without"] } "{device} came up {crypto} encryption";
    DeviceDeleted { device } "{observer} forgot {device}";
    CrossSigned { device } "{device} was cross-signed";
    IdentitySet { user } "{user} has new cross-signing keys";
    IdentityMade { device } "{device} made new cross-signing keys for its user";
    IdentityReceived { device } "{device} was given the cross-signing keys of its user";
    ListChangedAt { user } "{observer} learnt that the device list of {user} changed";
    ListNote { device, user, change } "{device} was told that the device list of {user} {change}";
    QueryStart { device, user } "{device} asked for the devices of {user}";
    QueryListed { device, listed } "{device} was told of {listed}";
    QueryEnd { device, user, outcome } "the query of {device} for the devices of {user} {outcome}";
    SharingSet { device, share } "{device} shares keys with {share} from here on";
    ReportingSet { device, target, codes } "{device} reports {codes} to {target} from here on";
    VerifiedSet { device, target, verified ["verified", "no longer trusts"] } "the user of {device} {verified} {target}";
    BlockedSet { device, target, blocked ["blocked", "unblocked"] } "the user of {device} {blocked} {target}";
    IdentityAcknowledged { device, user } "the user of {device} accepted the new identity of {user}";
    OneTimeKeysUp { device, count } "{device} uploaded one-time keys, {count} of them";
    FallbackKeyUp { device, key } "{device} uploaded fallback key {key}";
    UploadRefused { device } "{observer} refused a key upload of {device}";
    Claim { device, target } "{device} claimed a key of {target}";
    KeyHandedOut { target, key, fallback ["fallback", "one-time"] } "{observer} handed out {fallback} key {key} of {target}";
    ClaimEnd { device, target, outcome } "the claim of {device} for {target} brought {outcome}";
    KeyCounts { device } "{device} was told how many keys its server has";
    PrivateKeyGone { device, key, why } "{device} no longer has the private part of key {key}: {why}";
    OlmNew { device, peer, session, direction, why } "{device} {direction} Olm session {session} with {peer} {why}";
    OlmDropped { device, peer, session, why } "{device} lost Olm session {session} with {peer}: {why}";
    OlmEncrypted { device, peer, event, txn } "{device} encrypted {event} for {peer} ({txn})";
    OlmDecrypt { device, peer, message, result } "{device} got {message} of {peer} and {result}";
    MegolmNew { device, room, session } "{device} made {session} for {room}";
    MegolmEncrypted { device, session, index, message } "{device} encrypted {message} with {session} at index {index}";
    SendRefused { device, message, why } "{device} did not send {message}: {why}";
    MessageAccepted { room, message } "{observer} accepted {message} for {room}";
    MessageReceived { device, message } "{device} received {message}";
    KeyIn { device, session, first, source } "{device} got the key of {session} from index {first} on, {source}";
    KeyRefused { device, session, first } "{device} did not take the key of {session} from index {first} on";
    KeyLost { device, session, why } "{device} lost the key of {session}: {why}";
    Try { device, message, result } "{device} {result} {message}";
    Put { device, txn, event_type, targets } "{device} sent {event_type} ({txn}, targets: {targets})";
    PutTarget { device, txn, recipient, content } "{device} sent {recipient} {content} ({txn})";
    PutAccepted { device, txn } "the server of {device} accepted {txn}";
    Enqueued { message, sender, recipient, content } "{observer} put {content} of {sender} into the mailbox of {recipient} ({message})";
    Lost { txn, recipient } "{observer} lost what {txn} had for {recipient}";
    Listed { device, message } "a sync told {device} of {message}";
    Acknowledged { device, message } "{device} acknowledged {message}";
    Processed { device, message, outcome } "{device} {outcome} {message}";
    KeyRequested { device, session, request } "{device} asked for the key of {session} ({request})";
    RequestCancelled { device, request } "{device} took request {request} back";
    LoggedOut { device } "{device} was logged out";
    Crashed { device } "{device} crashed";
    Restarted { device } "{device} started again";
    StoreRestored { device, snapshot } "the store of {device} became what it was at {snapshot}";
    HealStart {} "nothing breaks any more from here on";
    SessionDiscarded { device, room } "{device} threw its session of {room} away";
    InvitedBy { room, user, by } "{user} was invited to {room} by {by}, as {observer} saw it";
    BundleMade { device, room, bundle, recipient, backup } "{device} put history {bundle} of {room} together for {recipient} {backup}";
    BundleKey { device, bundle, session, first } "{device} put the key of {session} from index {first} on into {bundle}";
    BundleWithheld { device, bundle, content } "{device} put {content} into {bundle}";
    BundleOpened { device, bundle, from } "{device} took in {bundle} of {from}";
    ServerRestored { server, snapshot } "the keys and the mailboxes of {server} became what they were at {snapshot}";
}

#[cfg(test)]
mod tests {
    use super::clause;
    use crate::report::names::Names;
    use crate::scenario::fault::{Fault, FaultKind};
    use crate::scenario::sample::room_of;
    use crate::time::SimTime;
    use crate::trace::sample::{A1, every_kind, fact_of};

    #[test]
    fn every_kind_of_fact_is_told_in_words_with_names() {
        let mut scenario = room_of(1, 1);
        scenario.strings.intern("odd");
        scenario.faults.push(Fault {
            from: SimTime::ZERO,
            until: SimTime::MAX,
            kind: FaultKind::ClientOffline { device: A1 },
        });
        let names = Names::of(&scenario);
        let told: Vec<String> =
            every_kind().into_iter().map(|kind| clause(&names, &fact_of(1, 0, kind))).collect();
        let expected = include_str!("testdata/every_kind_of_fact.txt");
        assert_eq!(told.join("\n") + "\n", expected);
    }

    #[test]
    fn a_step_beyond_the_timeline_is_told_by_its_number() {
        let scenario = room_of(1, 0);
        let fact = fact_of(1, 0, every_kind()[0]);
        assert_eq!(clause(&Names::of(&scenario), &fact), "step 0 of the timeline was due");
    }
}
