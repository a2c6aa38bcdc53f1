//! Stages 6 to 9: what became of a key that was sent, on its way, in the Olm session, in the store, and of the message.
//! It does not know whether the key was due.

use crate::check::explained::{Blame, Cell, Finding, Scope};
use crate::check::view::life::Moment;
use crate::check::view::messages::Failed;
use crate::check::view::transport::{Content, Lost, Opened, Progress, ToDevice};
use crate::ids::FactId;
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{KeySource, LossCause, OlmError, ProcessOutcome, Shown};

/// What there is to say of a message that the device has a fitting key for, if it has.
pub(super) fn readable(cell: &Cell<'_>) -> Option<Finding> {
    let Cell { view, message, encrypted, accepted, device, .. } = *cell;
    if view.messages.was_read(message, device) {
        return Some(Finding::of(Leaf::Delivered, [Some(accepted), None, None]));
    }
    let failure = cell.failure();
    match failure {
        Some(Failed::Hidden(fact)) => {
            return Some(Finding::of(Leaf::NotDisplayed, [Some(fact), None, None]));
        }
        Some(Failed::Invalid(fact)) => {
            return Some(Finding::of(Leaf::InvalidMessage, [Some(fact), None, None]));
        }
        Some(Failed::Undecryptable(..)) | None => {}
    }
    let held = cell.holding()?;
    let gone = held.lost.is_some() || view.life.undone(device, held.taken).is_some();
    // A key that another may have overwritten, or that a crash may have swept away, counts unless an attempt to read
    // with it failed.
    let swept_away = view.life.cut_off(device, held.taken);
    let doubtful = held.worse.is_some_and(|(first, _)| encrypted.index < first)
        || swept_away.is_some_and(|crash| !view.messages.was_read_since(message, device, crash));
    let failed = matches!(failure, Some(Failed::Undecryptable(..)));
    if held.first > encrypted.index || gone || doubtful && failed {
        return None;
    }
    Some(Finding::of(Leaf::Delivered, [Some(held.taken.fact), Some(accepted), None]))
}

/// What there is to say of a key that came from a backup, a bundle or another device and starts too late, if one did.
pub(super) fn partial(cell: &Cell<'_>) -> Option<Finding> {
    let held = cell.holding()?;
    if held.first <= cell.encrypted.index || held.lost.is_some() {
        return None;
    }
    let witnesses = [Some(held.taken.fact), Some(cell.accepted), None];
    match held.source {
        KeySource::Forwarded { withheld: Some(code) } => {
            Some(Finding::of(Leaf::ForwardedWithheld, witnesses).with_code(Some(code)))
        }
        KeySource::Forwarded { withheld: None } | KeySource::Backup | KeySource::Bundle { .. } => {
            Some(Finding::of(Leaf::PartialRestore, witnesses))
        }
        KeySource::RoomKey | KeySource::Own => None,
    }
}

/// What a history bundle said in the place of the key, if it was so and the device does not hide it from its user. It says
/// more than any excuse, also of what was sent before the device's user came in.
pub(super) fn history_not_shared(cell: &Cell<'_>) -> Option<Finding> {
    let Cell { view, encrypted, device, .. } = *cell;
    let said = view.bundles.not_shared(device, encrypted.session)?;
    let is_so = view.may_share(said.maker, encrypted.session) != Some(true);
    let unused = matches!(cell.failure(), Some(Failed::Undecryptable(Shown::Unexplained, _)));
    let witnesses = [Some(said.opened), Some(said.listed), Some(cell.accepted)];
    let code = Some(WithheldCode::HistoryNotShared);
    let finding = Finding::of(Leaf::HistoryNotShared, witnesses).with_code(code);
    (is_so && !unused).then_some(finding)
}

/// The keys of the session that the sender sent to the device and that start in time (or too late).
fn keys<'a>(cell: &Cell<'a>, in_time: bool) -> impl Iterator<Item = &'a ToDevice> {
    let Cell { view, encrypted, device, .. } = *cell;
    view.transport.keys_to(encrypted.session, device).filter(move |key| {
        let starts_in_time = match key.content {
            Content::Key { first, .. } => first <= encrypted.index,
            Content::Forwarded(_)
            | Content::Dummy
            | Content::Bundle(_)
            | Content::Notice(_)
            | Content::Request(_)
            | Content::Sealed
            | Content::Clear
            | Content::Stray => false,
        };
        key.sender == encrypted.sender && starts_in_time == in_time
    })
}

/// The key that the device should read the message with: the last one that was accepted, or else the last one that
/// was put together.
pub(super) fn key_in_time<'a>(cell: &Cell<'a>) -> Option<&'a ToDevice> {
    keys(cell, true).find(|key| is_given(cell, key)).or_else(|| keys(cell, true).next())
}

/// A key that was accepted and starts too late.
pub(super) fn key_too_late<'a>(cell: &Cell<'a>) -> Option<&'a ToDevice> {
    keys(cell, false).find(|key| is_given(cell, key))
}

/// Whether the sender's server accepted the key.
pub(super) fn is_given(cell: &Cell<'_>, key: &ToDevice) -> bool {
    key.stored.is_some() || cell.view.transport.accepted(key.txn).is_some()
}

/// A server lost a key or a notice.
pub(super) fn lost(lost: Lost, put: FactId) -> Finding {
    let party = Party::Server(lost.server);
    let blame = Blame { rule: Rule::T01, party, scope: Scope::Fact(lost.fact) };
    Finding::fault(Leaf::ExplanationLost, blame, [Some(lost.fact), Some(put), None])
}

/// The device acknowledged a key or a notice and did not store it.
pub(super) fn not_stored(cell: &Cell<'_>, rule: Rule, because: FactId, put: FactId) -> Finding {
    let party = Party::Device(cell.device);
    let blame = Blame { rule, party, scope: Scope::Fact(because) };
    Finding::fault(Leaf::LostAtRecipient, blame, [Some(because), Some(put), None])
}

/// Nothing can be said before something that is on its way arrives.
pub(super) fn pending(because: FactId) -> Finding {
    Finding::of(Leaf::Pending, [Some(because), None, None])
}

/// What became of a key that was given.
pub(super) fn of_key(cell: &Cell<'_>, key: &ToDevice) -> Finding {
    let home = cell.view.cast.server_of(cell.device);
    match cell.view.transport.progress(key, &cell.view.life, home) {
        Progress::Unaccepted | Progress::InFlight => pending(key.put.fact),
        Progress::Lost(loss) => lost(loss, key.put.fact),
        Progress::Dropped(crash) => not_stored(cell, Rule::T11, crash, key.put.fact),
        Progress::Processed(moment, outcome) => match (key.opened, outcome) {
            (Some(Opened::Failed { error, fact, recovery_due, neglected }), _) => {
                // Whoever may have forgotten whom it blocks may have had a reason.
                let sure = error != OlmError::Mismatch && !cell.view.doubts.of_choices(cell.device);
                match neglected.filter(|_| sure) {
                    Some(earlier) => neglected_recovery(cell, key, (earlier, fact)),
                    None => unopened(cell, key, (error, fact, recovery_due)),
                }
            }
            (Some(Opened::Decrypted), _)
            | (None, ProcessOutcome::Handled | ProcessOutcome::Duplicate) => {
                opened(cell, key, moment)
            }
            (None, ProcessOutcome::Ignored | ProcessOutcome::Discarded) => {
                rejected(key, moment.fact)
            }
        },
    }
}

fn rejected(key: &ToDevice, because: FactId) -> Finding {
    Finding::of(Leaf::Rejected, [Some(because), Some(key.put.fact), None])
}

/// The key could not be decrypted.
fn unopened(
    cell: &Cell<'_>,
    key: &ToDevice,
    (error, fact, recovery_due): (OlmError, FactId, bool),
) -> Finding {
    let Cell { view, device, .. } = *cell;
    let because = |leaf, why| Finding::of(leaf, [Some(fact), why, Some(key.put.fact)]);
    let value = match error {
        OlmError::Mismatch => return rejected(key, fact),
        OlmError::NoSession | OlmError::MissingMessageKey | OlmError::BadMac => {
            return wedged(cell, key, (fact, recovery_due));
        }
        OlmError::MissingKey(value) => value,
    };
    if let Some(again) = view.one_time_keys.handed_out_again(value) {
        let party = Party::Server(view.cast.server_of(device));
        let blame = Blame { rule: Rule::C01, party, scope: Scope::Fact(again) };
        let witnesses = [Some(again), Some(fact), Some(key.put.fact)];
        return Finding::fault(Leaf::KeyHandedOutTwice, blame, witnesses);
    }
    match view.one_time_keys.loss(value) {
        Some((LossCause::FailedMessage, loss)) => {
            let party = Party::Device(device);
            let blame = Blame { rule: Rule::U05, party, scope: Scope::Fact(loss) };
            let witnesses = [Some(loss), Some(fact), Some(key.put.fact)];
            Finding::fault(Leaf::DroppedEarly, blame, witnesses)
        }
        Some((LossCause::Expired | LossCause::Wiped, loss)) => {
            because(Leaf::KeyExpired, Some(loss))
        }
        None => because(Leaf::KeyExpired, None),
        // The key was there and made a session, or went with an older store: the two sides are out of step.
        Some((
            LossCause::Used | LossCause::Rollback | LossCause::Notice | LossCause::Overwritten,
            _,
        )) => wedged(cell, key, (fact, recovery_due)),
    }
}

/// The key went over a session that an earlier failure had shown to be of no use, and the device had not opened a
/// new one though it could have.
fn neglected_recovery(
    cell: &Cell<'_>,
    key: &ToDevice,
    (earlier, fact): (FactId, FactId),
) -> Finding {
    let party = Party::Device(cell.device);
    let blame = Blame { rule: Rule::U01, party, scope: Scope::Fact(earlier) };
    let witnesses = [Some(earlier), Some(fact), Some(key.put.fact)];
    Finding::fault(Leaf::NotUnwedged, blame, witnesses)
}

/// The Olm session was out of step.
fn wedged(cell: &Cell<'_>, key: &ToDevice, (fact, recovery_due): (FactId, bool)) -> Finding {
    let Cell { view, device, quiescent, .. } = *cell;
    let sender = cell.sender();
    let party = Party::Device(device);
    let dropped = key.olm.and_then(|session| view.olm.drop_of(device, sender, session));
    // What went later was still there when the message came.
    let dropped = dropped.filter(|dropped| dropped.moment.fact < fact);
    if let Some(dropped) = dropped
        && dropped.why == LossCause::Expired
        && dropped.too_few_left
    {
        let loss = dropped.moment.fact;
        let blame = Blame { rule: Rule::U07, party, scope: Scope::Fact(loss) };
        let witnesses = [Some(loss), Some(fact), Some(key.put.fact)];
        return Finding::fault(Leaf::DroppedEarly, blame, witnesses);
    }
    let witnesses = [Some(fact), Some(key.put.fact), dropped.map(|dropped| dropped.moment.fact)];
    // An attempt that failed before, and that nothing came of since, is as good as one that fails now; and so is one that was under
    // way and that the device did not live to see the end of.
    let epoch = view.epoch(device, sender);
    let tried = view.olm.made_after(device, sender, fact)
        || view.olm.claimed_after(device, sender, fact)
        || view.olm.was_cut_off(device, sender)
        || view.olm.failure(device, sender, epoch).is_some();
    let able = view.life.ended(device).is_none()
        && view.knows(device, sender)
        && !view.doubts.of_choices(device);
    if recovery_due && quiescent && able && !tried {
        let blame = Blame { rule: Rule::U01, party, scope: Scope::Fact(fact) };
        return Finding::fault(Leaf::NotUnwedged, blame, witnesses);
    }
    Finding::of(Leaf::Wedged, witnesses)
}

/// The key was decrypted, and still the device cannot read the message.
fn opened(cell: &Cell<'_>, key: &ToDevice, processed: Moment) -> Finding {
    let Cell { view, encrypted, device, .. } = *cell;
    let put = key.put.fact;
    let party = Party::Device(device);
    let overwritten = |fact| {
        let blame = Blame { rule: Rule::P14, party, scope: Scope::Fact(fact) };
        Finding::fault(Leaf::Overwritten, blame, [Some(fact), Some(put), None])
    };
    let loss = |fact| Finding::of(Leaf::StorageLoss, [Some(fact), Some(put), None]);
    if let Some(held) = cell.holding() {
        if let Some((why, fact)) = held.lost {
            return if why == LossCause::Overwritten { overwritten(fact) } else { loss(fact) };
        }
        if let Some(restore) = view.life.undone(device, held.taken) {
            return loss(restore);
        }
        if let Some(better) = held.better.filter(|better| better.first <= encrypted.index) {
            return if better.why == LossCause::Overwritten {
                overwritten(better.fact)
            } else {
                loss(better.fact)
            };
        }
        if let Some((_, fact)) = held.worse
            && held.first <= encrypted.index
        {
            return overwritten(fact);
        }
    }
    if let Some(refusal) = view.holdings.refusal(device, encrypted.session, key.row) {
        let mut heard = view.heard_about(device, encrypted.session);
        let Some(notice) = heard.find(|heard| heard.moment.fact < refusal) else {
            return rejected(key, refusal);
        };
        let party = Party::Device(device);
        let blame = Blame { rule: Rule::P08, party, scope: Scope::Fact(refusal) };
        let witnesses = [Some(notice.moment.fact), Some(refusal), Some(key.put.fact)];
        return Finding::fault(Leaf::Rejected, blame, witnesses);
    }
    if let Some(restore) = view.life.undone(device, processed) {
        return loss(restore);
    }
    match (view.life.cut_off(device, processed), key.acknowledged) {
        // Of a message that stands in the room twice it is not known which of the two could not be read.
        (Some(crash), Some(_)) if view.messages.is_repeated(cell.message) => loss(crash),
        (Some(crash), Some(_)) => not_stored(cell, Rule::T11, crash, put),
        (Some(_), None) => pending(put),
        (None, _) => not_stored(cell, Rule::K12, processed.fact, put),
    }
}
