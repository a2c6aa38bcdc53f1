//! What a device has heard: the notices that it processed and remembers, and those that it shows.
//! It does not know what it should make of them.

use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::check::view::notices::Notice;
use crate::check::view::transport::{Content, ToDevice};
use crate::ids::{DeviceId, MegolmSessionId, ToDeviceId};
use crate::protocol::withheld::WithheldCode;
use crate::trace::fact::ProcessOutcome;

/// A notice that a device processed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard<'a> {
    /// The notice.
    pub(crate) notice: &'a Notice,
    /// What carried it.
    pub(crate) message: &'a ToDevice,
    /// When it was processed.
    pub(crate) moment: Moment,
}

impl Heard<'_> {
    /// Whether it is the word of the device that made the session, about its own choice and not about what it lacks.
    pub(crate) fn is_own_word_of(&self, creator: DeviceId) -> bool {
        self.message.sender == creator && self.notice.recognised && !self.says_mere_answer()
    }

    /// Whether its code only tells how a request ended.
    pub(crate) fn says_mere_answer(&self) -> bool {
        matches!(
            self.notice.code.known(),
            Some(WithheldCode::Unavailable | WithheldCode::Unauthorised)
        )
    }
}

impl View {
    /// Whether a message may bring the session's key from the device that made it: nothing else has a claim to be taken.
    pub(crate) fn brings_creators_key(
        &self,
        message: ToDeviceId,
        session: MegolmSessionId,
    ) -> bool {
        let Some(number) = self.transport.number(message) else { return true };
        let message = self.transport.get(number);
        let is_key = matches!(message.content, Content::Key { session: of, .. } if of == session);
        let made = self.messages.session(session);
        is_key && made.is_none_or(|made| made.creator == message.sender)
    }

    /// The notice that this message carries, with the message.
    pub(crate) fn notice_of(&self, stored: ToDeviceId) -> Option<(&Notice, &ToDevice)> {
        let message = self.transport.get(self.transport.number(stored)?);
        match message.content {
            Content::Notice(notice) => Some((self.notices.get(notice), message)),
            Content::Key { .. }
            | Content::Forwarded(_)
            | Content::Bundle(_)
            | Content::Dummy
            | Content::Request(_)
            | Content::Sealed
            | Content::Clear
            | Content::Stray => None,
        }
    }

    /// The notices naming the session that the device processed and that its store has not forgotten, in the order in
    /// which they were sent.
    pub(crate) fn heard_about(
        &self,
        device: DeviceId,
        session: MegolmSessionId,
    ) -> impl Iterator<Item = Heard<'_>> {
        self.notices.naming(session, device).filter_map(move |notice| {
            let message = self.transport.get(notice.number);
            let (moment, outcome) = message.processed?;
            let kept = match outcome {
                ProcessOutcome::Handled | ProcessOutcome::Duplicate => true,
                ProcessOutcome::Discarded | ProcessOutcome::Ignored => false,
            };
            let forgotten = self.life.undone(device, moment).is_some()
                || self.life.cut_off(device, moment).is_some();
            (kept && !forgotten).then_some(Heard { notice, message, moment })
        })
    }

    /// The first of them that is the word of the session's creator itself. Of the very instant of a copy of the store it is not known
    /// whether the copy has it: it does not count.
    pub(crate) fn own_word_about(
        &self,
        device: DeviceId,
        session: MegolmSessionId,
        creator: DeviceId,
    ) -> Option<Heard<'_>> {
        self.heard_about(device, session).find(|heard| {
            heard.is_own_word_of(creator) && self.life.forgiven(device, heard.moment).is_none()
        })
    }
}
