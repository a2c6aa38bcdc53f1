//! What the sender said: how far its notices came, and what the device makes of those that it processed.
//! It does not know the cause, except what a notice's own truth rests on.

use crate::check::explained::Cell;
use crate::check::rules::truth;
use crate::check::view::duties::Duty;
use crate::check::view::life::Moment;
use crate::check::view::messages::Failed;
use crate::check::view::notices::Notice;
use crate::check::view::olm::Epoch;
use crate::check::view::requests::Class;
use crate::check::view::transport::{Lost, Progress, ToDevice};
use crate::ids::{DeviceId, FactId};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::rule::Rule;
use crate::trace::fact::{ProcessOutcome, Shown};

/// The best that the sender said about the message, from nothing at all to what the device has heard.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word<'a> {
    /// Nothing.
    Silent,
    /// Something that breaks this rule by not being so.
    Untrue(Said<'a>, Rule),
    /// Its server never accepted it.
    Unaccepted(Said<'a>),
    /// It is on its way.
    InFlight(Said<'a>),
    /// A server lost it.
    Lost(Said<'a>, Lost),
    /// The device acknowledged it, and it is gone with a crash.
    Dropped(Said<'a>, FactId),
    /// The device has processed it.
    Heard(Said<'a>, Moment, Use),
}

/// A notice with the message that carries it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    /// The notice.
    pub(super) notice: &'a Notice,
    /// What carries it.
    pub(super) message: &'a ToDevice,
}

impl Said<'_> {
    /// Its code, if the specification knows it.
    pub(super) fn code(&self) -> Option<WithheldCode> {
        self.notice.code.known()
    }
}

/// What a device makes of a notice that it processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It shows it, or has not got to the message yet, or forgot it with an older store.
    Made,
    /// It makes nothing of it; the attempt to read that shows it.
    None(Option<FactId>),
}

impl Word<'_> {
    /// How much the word is worth.
    fn rank(&self) -> u8 {
        match self {
            Self::Silent => 0,
            Self::Untrue(..) => 1,
            Self::Unaccepted(_) => 2,
            Self::Dropped(..) => 3,
            Self::Lost(..) => 4,
            Self::InFlight(_) => 5,
            Self::Heard(_, _, Use::None(_)) => 6,
            Self::Heard(_, _, Use::Made) => 7,
        }
    }
}

impl Word<'_> {
    /// Whether it is what the device shows for the message.
    fn is_shown(&self, cell: &Cell<'_>) -> bool {
        let Some(Failed::Undecryptable(Shown::Code { notice: Some(shown), .. }, _)) =
            cell.failure()
        else {
            return false;
        };
        match self {
            Self::Heard(said, ..) => cell.view.transport.number(shown) == Some(said.notice.number),
            Self::Silent
            | Self::Untrue(..)
            | Self::Unaccepted(_)
            | Self::InFlight(_)
            | Self::Lost(..)
            | Self::Dropped(..) => false,
        }
    }
}

/// The best word of the sender about the session.
pub(super) fn about_session<'a>(cell: &Cell<'a>) -> Word<'a> {
    best(cell, session_notices(cell))
}

/// The best word of the sender about the session among those that it put together for this very message.
pub(super) fn about_session_now<'a>(cell: &Cell<'a>) -> Word<'a> {
    let from = cell.encrypted.previous;
    let now = session_notices(cell).filter(|notice| {
        let put = cell.view.transport.get(notice.number).put.fact;
        Some(put) > from && put < cell.encrypted.fact
    });
    best(cell, now)
}

/// The best `m.no_olm` of the sender from the epoch.
pub(super) fn about_olm<'a>(cell: &Cell<'a>, epoch: Epoch) -> Word<'a> {
    let notices = cell.view.notices.no_olm(cell.sender(), cell.device);
    best(cell, notices.filter(move |notice| notice.epoch == epoch))
}

/// A `m.no_olm` that another device of the sender's user sent, if the reading lets it cover this message.
pub(super) fn of_another_device<'a>(cell: &Cell<'a>) -> Option<(Said<'a>, Moment)> {
    let view = cell.view;
    if view.reading.no_olm_by_device {
        return None;
    }
    let others = view.cast.devices(view.cast.user(cell.sender()));
    others.iter().filter(|other| **other != cell.sender()).find_map(|other| {
        let heard = |notice| match word(cell, notice) {
            Word::Heard(said, moment, _) if moment.fact > cell.accepted => Some((said, moment)),
            Word::Heard(..)
            | Word::Silent
            | Word::Untrue(..)
            | Word::Unaccepted(_)
            | Word::InFlight(_)
            | Word::Lost(..)
            | Word::Dropped(..) => None,
        };
        view.notices.no_olm(*other, cell.device).find_map(heard)
    })
}

/// A `m.no_olm` that the sender sent while its policy barred the device, since it made the session.
pub(super) fn no_olm_though_barred<'a>(cell: &Cell<'a>) -> Option<Said<'a>> {
    let session = cell.view.messages.session(cell.encrypted.session)?;
    let notices = cell.view.notices.no_olm(cell.sender(), cell.device);
    notices
        .filter(|notice| truth::untrue(cell.view, notice) == Some(Rule::W21))
        .map(|notice| said(cell, notice))
        .find(|said| said.message.put.fact > session.new)
}

/// The notices of the sender that are about the session. Those that say only what the sender itself lacks or may not
/// do, in answer to a request, explain nothing.
fn session_notices<'a>(cell: &Cell<'a>) -> impl Iterator<Item = &'a Notice> {
    let Cell { view, encrypted, device, .. } = *cell;
    let sender: DeviceId = encrypted.sender;
    view.notices.about(encrypted.session, device).filter(move |notice| {
        let of_sender = view.transport.get(notice.number).sender == sender;
        let mere_answer = notice.class != Class::Proactive
            && matches!(
                notice.code.known(),
                Some(WithheldCode::Unavailable | WithheldCode::Unauthorised)
            );
        of_sender && !mere_answer
    })
}

fn best<'a>(cell: &Cell<'a>, notices: impl Iterator<Item = &'a Notice>) -> Word<'a> {
    // Of several words that are worth the same, the one that the device shows, or else the first that was said:
    // notices come last first.
    let worth = |word: &Word<'a>| (word.rank(), word.is_shown(cell));
    let words = notices.map(|notice| word(cell, notice));
    words.fold(Word::Silent, |best, next| if worth(&next) >= worth(&best) { next } else { best })
}

fn said<'a>(cell: &Cell<'a>, notice: &'a Notice) -> Said<'a> {
    Said { notice, message: cell.view.transport.get(notice.number) }
}

/// What became of one notice.
fn word<'a>(cell: &Cell<'a>, notice: &'a Notice) -> Word<'a> {
    let said = said(cell, notice);
    if let Some(rule) = truth::untrue(cell.view, notice)
        && !was_true_at_message(cell, notice, rule)
        && !may_be_true_to_its_store(cell, said, rule)
    {
        return Word::Untrue(said, rule);
    }
    // What has another type is no notice, whatever it says.
    if notice.event_type.is_some_and(|event_type| !event_type.is_withheld(true)) {
        return Word::Silent;
    }
    let home = cell.view.cast.server_of(cell.device);
    match cell.view.transport.progress(said.message, &cell.view.life, home) {
        Progress::Unaccepted => Word::Unaccepted(said),
        Progress::InFlight => Word::InFlight(said),
        Progress::Lost(lost) => Word::Lost(said, lost),
        Progress::Dropped(crash) => Word::Dropped(said, crash),
        Progress::Processed(moment, outcome) => heard(cell, said, (moment, outcome)),
    }
}

/// A reason that held when the message was encrypted is good enough, even if it had gone when the notice went out. So
/// a `m.no_olm` is true of a message whose key was owed, even if its recipient is barred by then (W-21).
fn was_true_at_message(cell: &Cell<'_>, notice: &Notice, rule: Rule) -> bool {
    match cell.duty {
        Some(Duty::Barred { code, .. }) => rule == Rule::W08 && notice.code.known() == Some(code),
        Some(Duty::Owed { .. }) => rule == Rule::W21,
        Some(Duty::NotEligible { .. } | Duty::Unlisted(_)) | None => false,
    }
}

/// Whether the sender's store is an older one that may have forgotten a choice, so that the reason that it gives was its own.
fn may_be_true_to_its_store(cell: &Cell<'_>, said: Said<'_>, rule: Rule) -> bool {
    let (view, sender) = (cell.view, said.message.sender);
    rule == Rule::W08
        && view.doubts.of_choices(sender)
        && view.life.unsettled_by(sender, said.message.put).is_some()
}

/// What the device makes of a notice that it processed.
fn heard<'a>(
    cell: &Cell<'a>,
    said: Said<'a>,
    (moment, outcome): (Moment, ProcessOutcome),
) -> Word<'a> {
    match outcome {
        ProcessOutcome::Ignored | ProcessOutcome::Discarded => {
            return Word::Heard(said, moment, Use::None(None));
        }
        ProcessOutcome::Handled | ProcessOutcome::Duplicate => {}
    }
    // What was heard before the message covers nothing of it, so that nothing of it need be shown (L16).
    if said.notice.is_no_olm() && moment.fact < cell.accepted {
        return Word::Heard(said, moment, Use::Made);
    }
    let Some(Failed::Undecryptable(Shown::Unexplained, attempt)) = cell.failure() else {
        return Word::Heard(said, moment, Use::Made);
    };
    let life = &cell.view.life;
    // At the very instant of the snapshot it is not known which came first. And of a message that stands in the room twice it
    // is not known which of the two is shown without the notice.
    // Nor does a store that went back since then know of an attempt that came before.
    let is_forgotten = life.forgiven(cell.device, moment).is_some()
        || life.restored_since(cell.device, attempt).is_some();
    if is_forgotten || cell.view.messages.is_repeated(cell.message) {
        return Word::Heard(said, moment, Use::Made);
    }
    match (life.cut_off(cell.device, moment), said.message.acknowledged) {
        // A `m.no_olm` need not be shown (P-04), so that nothing tells whether it was stored.
        (Some(_), Some(_)) if said.notice.is_no_olm() => {
            Word::Heard(said, moment, Use::None(Some(attempt)))
        }
        (Some(crash), Some(_)) => Word::Dropped(said, crash),
        (Some(_), None) => Word::InFlight(said),
        (None, _) => Word::Heard(said, moment, Use::None(Some(attempt))),
    }
}
