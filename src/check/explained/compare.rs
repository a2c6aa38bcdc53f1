//! Stages 3 to 5: the cause (what the sender owed and did) against the cover (what it said and the device heard).
//! It does not know how either is found out.

use crate::check::explained::cover::{Said, Use, Word};
use crate::check::explained::{Blame, Cell, Finding, Scope, awareness, cover, delivery, sharing};
use crate::check::view::duties::{Duty, Told};
use crate::check::view::life::Moment;
use crate::check::view::olm::Epoch;
use crate::check::view::trust::Bar;
use crate::ids::FactId;
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;

/// What became of the message at a device that could expect to read it.
pub(super) fn by_duty(cell: &Cell<'_>) -> Finding {
    if let Some(key) = delivery::key_in_time(cell).filter(|key| delivery::is_given(cell, key))
        && !is_without_olm(cell)
    {
        return delivery::of_key(cell, key);
    }
    match cell.duty {
        None | Some(Duty::NotEligible { .. }) => awareness::membership_not_seen(cell),
        Some(Duty::Unlisted(gap)) => awareness::unlisted(cell, gap),
        Some(Duty::Barred { why, told, since, .. }) => barred(cell, why, told, since),
        Some(Duty::Owed { olm: false, told, epoch, since }) => {
            without_olm(cell, told, epoch, since)
        }
        Some(Duty::Owed { olm: true, epoch, since, .. }) => not_shared(cell, epoch, since),
    }
}

/// Whether the key was owed and there was no Olm session for it: then what was said comes before what was sent.
fn is_without_olm(cell: &Cell<'_>) -> bool {
    matches!(cell.duty, Some(Duty::Owed { olm: false, .. }))
}

/// Stage 3: the sender gave no key on purpose.
fn barred(cell: &Cell<'_>, why: Option<FactId>, told: Told, since: FactId) -> Finding {
    let said = match spoken(cell, told, cover::about_session(cell), Rule::W01) {
        Ok(finding) => return finding,
        Err(untrue) => untrue,
    };
    if let Some((said, rule)) = said {
        return untrue(cell, said, rule);
    }
    let opted_out = Finding::of(Leaf::OptedOut, [Some(cell.encrypted.fact), why, None]);
    match told {
        Told::No => return opted_out,
        Told::Unknown => return delivery::pending(cell.encrypted.fact),
        Told::Yes => {}
    }
    if let Some(said) = cover::no_olm_though_barred(cell) {
        return untrue(cell, said, Rule::W21);
    }
    if cell.view.is_unsettled(cell.encrypted, cell.device) {
        return opted_out;
    }
    if since > cell.encrypted.prepared_from {
        return awareness::learnt_late(cell);
    }
    let scope = Scope::Session(cell.encrypted.session);
    unexplained(cell, Rule::W01, scope, why)
}

/// Stage 4: the key was owed, and the sender had no Olm session for it.
fn without_olm(cell: &Cell<'_>, told: Told, epoch: Epoch, since: FactId) -> Finding {
    // An older notice about the session covers a failed attempt as well. Where none was made, the key was due, and
    // only what was said for this very message counts.
    let attempted = cell.view.olm.failure(cell.sender(), cell.device, epoch).is_some();
    let about_session =
        if attempted { cover::about_session(cell) } else { cover::about_session_now(cell) };
    if let Word::Heard(said, moment, how) = about_session {
        return heard(cell, said, moment, how);
    }
    let about_olm = cover::about_olm(cell, epoch);
    if let Word::Heard(said, moment, how) = about_olm
        && moment.fact > cell.accepted
    {
        return no_olm_heard(said, moment, how);
    }
    if let Some((said, moment)) = cover::of_another_device(cell) {
        return no_olm_heard(said, moment, Use::Made);
    }
    if let Some(key) = delivery::key_in_time(cell) {
        if delivery::is_given(cell, key) {
            return delivery::of_key(cell, key);
        }
        // What an older store does not know of any more it does not try again.
        if cell.view.life.forgiven(cell.sender(), key.put).is_none() {
            return unaccepted(cell, sharing::rule(cell, since), key.put.fact);
        }
    }
    if let Word::Heard(said, moment, _) = about_olm {
        let witnesses = [Some(moment.fact), Some(said.message.put.fact), Some(cell.accepted)];
        let code = Some(WithheldCode::NoOlm);
        return Finding::of(Leaf::StandingNoOlm, witnesses).with_code(code);
    }
    match spoken(cell, told, about_olm, Rule::N01) {
        Ok(finding) => finding,
        Err(Some((said, rule))) => untrue(cell, said, rule),
        // Who is barred by the time that it could be told is told that instead.
        Err(None) => match spoken(cell, told, about_session, Rule::N01) {
            Ok(finding) => finding,
            // What counts at rest is the epoch that is open then: a session that came up and went again meanwhile may have gone
            // before it could be of use.
            Err(_) => match later_failure(cell, epoch) {
                Some(later) => without_olm(cell, told, later, since),
                None => nothing_said_of_olm(cell, told, epoch, since),
            },
        },
    }
}

/// The next epoch in which setting up Olm has failed as well, and of which something was said or that is still open.
fn later_failure(cell: &Cell<'_>, epoch: Epoch) -> Option<Epoch> {
    let (view, sender, device) = (cell.view, cell.sender(), cell.device);
    let open = view.epoch(sender, device);
    let counts =
        |later: &Epoch| *later == open || !matches!(cover::about_olm(cell, *later), Word::Silent);
    view.olm.failed_in(sender, device).filter(|later| *later > epoch).filter(counts).min()
}

/// Stage 4, when no report was sent in the epoch.
fn nothing_said_of_olm(cell: &Cell<'_>, told: Told, epoch: Epoch, since: FactId) -> Finding {
    let Cell { view, encrypted, device, .. } = *cell;
    let sender = cell.sender();
    let failure = view.olm.failure(sender, device, epoch);
    if matches!(told, Told::Unknown) {
        return delivery::pending(encrypted.fact);
    }
    let Some(failure) = failure else { return key_missing(cell, since) };
    let opted_out = Finding::of(Leaf::OptedOut, [Some(failure), Some(encrypted.fact), None]);
    if matches!(told, Told::No) || is_left_untold(cell, epoch, failure) {
        return opted_out;
    }
    // A failure in passing is tried again before it is reported, also by a client that was started anew since and does not
    // know how often it has tried. Whoever is cut off for good never gets to that, nor learns that the message is there; and what
    // failed for good while it was cut off waits behind what it cannot send.
    let settled = view.olm.settled(sender, device, epoch);
    let is_to_come = settled.is_none_or(|at| view.outages.hindered(&view.cast, sender, at))
        || view.life.crash_after(sender, failure).is_some()
        || view.messages.echoed(cell.message).is_none();
    if is_to_come && cell.quiescent && view.outages.hinders(&view.cast, sender) {
        return Finding::of(Leaf::SenderGone, [Some(failure), Some(encrypted.fact), None]);
    }
    // By the time of the second try its list may not hold the device any more: then there is nobody to try it with, or to tell if
    // something else fails. Nor is it told while an answer is awaited that will say so, or by who was cut off and asked for that answer
    // before it knew that anything gets through to its server again.
    let user = view.cast.user(device);
    let gone = view.lists.dropped(sender, user, device);
    let was_late = |settled, gone| {
        gone < settled
            || view.outages.hindered(&view.cast, sender, settled)
                && !view.contacts.any_between(sender, settled, view.life.moment(gone))
    };
    if view.lists.entry(sender, user, device).is_none()
        && settled.is_none_or(|settled| gone.is_some_and(|gone| was_late(settled, gone)))
    {
        return awareness::dropped_since(cell, failure);
    }
    // A session that came up before the report went out makes the key due instead of the report, unless the sender
    // may not give it any more.
    if view.olm.made_after(sender, device, encrypted.fact) && view.bar(sender, device).is_none() {
        key_missing(cell, since)
    } else if view.is_unsettled(encrypted, device) {
        opted_out
    } else {
        unexplained(cell, Rule::N01, Scope::Fact(failure), Some(failure))
    }
}

/// Whether there is a reason for which the failure to set up Olm was not to be reported when that was due.
fn is_left_untold(cell: &Cell<'_>, epoch: Epoch, failure: FactId) -> bool {
    let Cell { view, encrypted, device, .. } = *cell;
    let ends = (cell.sender(), device);
    // It is told when the message is there: who has opted out by then owes no word either (O-01), also if that is taken back.
    // A failure in passing that was never settled is never due.
    let has_opted_out = if view.olm.settled(ends.0, device, epoch).is_some() {
        was_opted_out_when_due(cell, epoch)
    } else {
        let reports = view.reports(ends.0, device);
        reports.is_some_and(|codes| !codes.contains(WithheldCode::NoOlm))
    };
    // A block that came after the message and was taken back leaves the key where it was: what is given then starts at the point
    // of allowance (B-02), and of the block the sender need not tell.
    let was_blocked = view.was_blocked_after(ends.0, device, encrypted.fact)
        && view.was_silent(ends, WithheldCode::Blacklisted, (encrypted.fact, None));
    is_barred_before_report(cell, epoch)
        || has_opted_out
        || was_blocked
        || is_spoilt_before_report(cell, epoch)
        || may_be_barred_by_its_store(cell, failure)
        || view.olm.is_left_untold(ends, epoch, encrypted.fact)
}

/// Whether the device was barred, for a reason that the sender keeps to itself, before the failure was to be reported. That is
/// when the message is sent, because a report explains only what was sent before it (P-04); and one in passing is not
/// reported before a second try, which for a device that is barred is not made (W-21). So what keeps the key from it in
/// the end is the choice, and of that the sender need not tell (O-01): a `m.no_olm` instead would name another reason than the
/// real one.
fn is_barred_before_report(cell: &Cell<'_>, epoch: Epoch) -> bool {
    let (view, sender, device) = (cell.view, cell.sender(), cell.device);
    let reports = view.reports(sender, device);
    let due = due(cell, epoch);
    // What is told by now may not have been told when it was the reason.
    let is_told = |bar: &Bar| {
        reports.is_none_or(|codes| codes.contains(bar.code))
            && !bar.why.is_some_and(|why| view.was_silent((sender, device), bar.code, (why, due)))
    };
    let is_early = |bar: &Bar| due.is_none_or(|due| bar.why.is_some_and(|why| why < due));
    // Another reason that came later, and that is told, does not change why nothing was said.
    let mut bars = view.bars(sender, device).into_iter().flatten();
    bars.any(|bar| !is_told(&bar) && is_early(&bar))
}

/// Whether a later message was encrypted with the session from which the device was barred, for a reason that the sender keeps to
/// itself and that was there before the failure was to be reported, and there was no Olm session. The key that was owed reads that
/// message, too, so that it cannot be given any more even if the choice is taken back (B-02); and what keeps it from the device is
/// that choice, of which the sender need not tell (O-01).
fn is_spoilt_before_report(cell: &Cell<'_>, epoch: Epoch) -> bool {
    let Cell { view, encrypted, device, .. } = *cell;
    let standing = view.standings.of(encrypted.session, device);
    standing.unsaid_after(encrypted.index).is_some_and(|spoilt| {
        due(cell, epoch).is_none_or(|due| due > spoilt.since)
            && !view.olm.made_for_use(cell.sender(), device, (encrypted.fact, spoilt.fact))
    })
}

/// Whether the sender's client was started anew after the failure with a store that may hold other choices than its user made last, and
/// there is a reason of which it would say nothing.
fn may_be_barred_by_its_store(cell: &Cell<'_>, failure: FactId) -> bool {
    let (view, sender) = (cell.view, cell.sender());
    let was_silent = [WithheldCode::Blacklisted, WithheldCode::Unverified]
        .into_iter()
        .any(|code| view.was_silent((sender, cell.device), code, (failure, None)));
    view.doubts.of_choices(sender)
        && view.life.stopped_since(sender, failure)
        && (was_silent || view.reports(sender, cell.device).is_none())
}

/// When the failure was to be reported at the latest: it is known for good, and the message is there, as its sender knows once it was told
/// of it in the room, or that events of the room are left out. A device that a list lost and that came back to it is told no earlier.
fn due(cell: &Cell<'_>, epoch: Epoch) -> Option<FactId> {
    let Cell { view, device, .. } = *cell;
    let settled = view.olm.settled(cell.sender(), device, epoch)?;
    let sent = view.messages.echoed(cell.message).unwrap_or(cell.accepted);
    let entry = view.lists.entry(cell.sender(), view.cast.user(device), device);
    let listed = entry.map_or(settled, |entry| entry.since);
    Some(settled.max(sent).max(listed))
}

/// Whether the sender's user had opted out of the report at an instant at which it may have been due: the failure is known for
/// good, and the message is there, which the sender learns between its acceptance and its echo.
fn was_opted_out_when_due(cell: &Cell<'_>, epoch: Epoch) -> bool {
    let (view, sender, device) = (cell.view, cell.sender(), cell.device);
    let Some(settled) = view.olm.settled(sender, device, epoch) else { return false };
    let span = (settled.max(cell.accepted), due(cell, epoch));
    view.was_silent((sender, device), WithheldCode::NoOlm, span)
}

/// Stage 5: the key was owed and could have been sent, and was not accepted in time.
fn not_shared(cell: &Cell<'_>, epoch: Epoch, since: FactId) -> Finding {
    if let Some(key) = delivery::key_in_time(cell) {
        return unaccepted(cell, sharing::rule(cell, since), key.put.fact);
    }
    // A notice that was put together for this very message tells of a choice that was taken back meanwhile.
    if let Ok(finding) = spoken(cell, Told::Yes, cover::about_session_now(cell), Rule::W01) {
        return finding;
    }
    for word in [cover::about_session(cell), cover::about_olm(cell, epoch)] {
        if let Word::Untrue(said, rule) = word {
            return untrue(cell, said, rule);
        }
    }
    key_missing(cell, since)
}

/// The key was owed, and there is none that starts in time.
fn key_missing(cell: &Cell<'_>, since: FactId) -> Finding {
    let encrypted = cell.encrypted;
    if since > encrypted.prepared_from {
        return awareness::learnt_late(cell);
    }
    let scope = Scope::Session(encrypted.session);
    if let Some(key) = delivery::key_too_late(cell)
        && cell.quiescent
    {
        let party = Party::Device(cell.sender());
        let blame = Blame { rule: sharing::rule(cell, since), party, scope };
        let witnesses = [Some(key.put.fact), Some(encrypted.fact), None];
        return Finding::fault(Leaf::SharedTooLate, blame, witnesses);
    }
    unexplained(cell, sharing::rule(cell, since), scope, None)
}

/// What the sender's word comes to, if it said anything that is true; or else what it said that is not.
fn spoken<'a>(
    cell: &Cell<'a>,
    told: Told,
    word: Word<'a>,
    rule: Rule,
) -> Result<Finding, Option<(Said<'a>, Rule)>> {
    match word {
        Word::Silent => Err(None),
        Word::Untrue(said, rule) => Err(Some((said, rule))),
        // Who wanted nothing told when the message was sent owes no word, also if one was to be sent later.
        Word::Unaccepted(_) if matches!(told, Told::No) => Err(None),
        Word::Unaccepted(said) => Ok(unaccepted(cell, rule, said.message.put.fact)),
        Word::InFlight(said) => Ok(delivery::pending(said.message.put.fact)),
        Word::Lost(said, lost) => Ok(delivery::lost(lost, said.message.put.fact)),
        Word::Dropped(said, crash) => {
            Ok(delivery::not_stored(cell, Rule::T11, crash, said.message.put.fact))
        }
        Word::Heard(said, moment, how) => Ok(heard(cell, said, moment, how)),
    }
}

/// The device was told that the session is withheld.
fn heard(cell: &Cell<'_>, said: Said<'_>, moment: Moment, how: Use) -> Finding {
    let put = said.message.put.fact;
    let finding = match how {
        Use::Made => {
            let witnesses = [Some(moment.fact), Some(put), Some(cell.encrypted.fact)];
            Finding::of(Leaf::Withheld, witnesses)
        }
        Use::None(_) if !cell.quiescent => delivery::pending(moment.fact),
        Use::None(attempt) => {
            let party = Party::Device(cell.device);
            let rule = unused(said, moment, attempt);
            let blame = Blame { rule, party, scope: Scope::Fact(moment.fact) };
            let witnesses = [Some(moment.fact), attempt, Some(put)];
            Finding::fault(Leaf::NoticeNotUsed, blame, witnesses)
        }
    };
    finding.with_code(said.code())
}

/// The rule that a device breaks by making nothing of a notice: it did not look back (P-09), it went by a key that is not
/// to be trusted (P-13), or it makes nothing of any (P-02).
fn unused(said: Said<'_>, heard: Moment, attempt: Option<FactId>) -> Rule {
    let named = said.notice.content.sender_key;
    if attempt.is_some_and(|attempt| attempt < heard.fact) {
        Rule::P09
    } else if named.is_string() && named.value() != Some(said.message.sender) {
        Rule::P13
    } else {
        Rule::P02
    }
}

/// The device was told, after the message, that there is no Olm session.
fn no_olm_heard(said: Said<'_>, moment: Moment, how: Use) -> Finding {
    let (leaf, attempt) = match how {
        Use::Made => (Leaf::NoOlm, None),
        Use::None(attempt) => (Leaf::NoOlmNotUsed, attempt),
    };
    let witnesses = [Some(moment.fact), Some(said.message.put.fact), attempt];
    Finding::of(leaf, witnesses).with_code(Some(WithheldCode::NoOlm))
}

/// The sender told the device something that is not so.
fn untrue(cell: &Cell<'_>, said: Said<'_>, rule: Rule) -> Finding {
    let put = said.message.put.fact;
    let blame = Blame { rule, party: Party::Device(cell.sender()), scope: Scope::Fact(put) };
    let witnesses = [Some(put), Some(cell.encrypted.fact), None];
    Finding::fault(Leaf::FalseExplanation, blame, witnesses).with_code(said.code())
}

/// The sender put something together that its server never accepted. At rest nobody tries that again; who is cut off for good
/// cannot.
fn unaccepted(cell: &Cell<'_>, rule: Rule, put: FactId) -> Finding {
    if cell.quiescent && cell.view.outages.hinders(&cell.view.cast, cell.sender()) {
        return Finding::of(Leaf::SenderGone, [Some(put), Some(cell.encrypted.fact), None]);
    }
    unexplained(cell, rule, Scope::Session(cell.encrypted.session), Some(put))
}

/// Nothing was sent that was due.
fn unexplained(cell: &Cell<'_>, rule: Rule, scope: Scope, why: Option<FactId>) -> Finding {
    let sender = cell.sender();
    let encrypted = Some(cell.encrypted.fact);
    if let Some(ended) = cell.view.life.ended(sender) {
        return Finding::of(Leaf::SenderGone, [Some(ended), encrypted, None]);
    }
    if !cell.quiescent {
        return delivery::pending(cell.encrypted.fact);
    }
    let blame = Blame { rule, party: Party::Device(sender), scope };
    Finding::fault(Leaf::Unexplained, blame, [encrypted, why, None])
}
