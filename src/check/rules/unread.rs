//! A message that a device could not read, with the reason that it shows: what the rules on reasons judge.
//! It does not know which reason is right.

use crate::check::rules::{AtRest, Case};
use crate::check::view::messages::{Encrypted, Failed};
use crate::check::view::notices::Notice;
use crate::check::view::transport::ToDevice;
use crate::ids::{DeviceId, FactId, MessageId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, Shown, TryResult};

/// A message that a device could not read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unread<'a> {
    /// The message.
    pub(crate) message: MessageId,
    /// Who could not read it.
    pub(crate) device: DeviceId,
    /// How it was encrypted.
    pub(crate) encrypted: &'a Encrypted,
    /// What is shown for it.
    pub(crate) shown: Shown,
    /// The attempt.
    pub(crate) attempt: FactId,
}

impl<'a> Unread<'a> {
    /// The message of this fact, if it is an attempt that came to nothing for want of a key, and if it is known with which
    /// session the message was encrypted.
    pub(crate) fn of(case: Case<'a>) -> Option<Self> {
        let FactKind::Try { device, message, result } = case.fact.kind else { return None };
        let shown = match result {
            TryResult::Undecryptable(shown) => shown,
            TryResult::Decrypted | TryResult::Hidden | TryResult::Invalid => return None,
        };
        let messages = &case.view.messages;
        let encrypted = messages.encryption(message).filter(|_| !messages.is_repeated(message))?;
        Some(Self { message, device, encrypted, shown, attempt: case.fact.id })
    }

    /// The notice that the shown reason is taken from, with the message that brought it. There is none where nothing is
    /// shown, and where a forwarded key brought the reason.
    pub(crate) fn notice(&self, case: Case<'a>) -> Option<(&'a Notice, &'a ToDevice)> {
        match self.shown {
            Shown::Unexplained | Shown::Code { notice: None, .. } => None,
            Shown::Code { notice: Some(notice), .. } | Shown::Reason { notice, .. } => {
                case.view.notice_of(notice)
            }
        }
    }

    /// The message and the device, as one cell of the table.
    pub(crate) const fn cell(&self) -> (MessageId, DeviceId) {
        (self.message, self.device)
    }

    /// The device shows what breaks the rule; `because` of this.
    pub(crate) fn raise(
        &self,
        rule: Rule,
        because: Option<FactId>,
        findings: &mut crate::check::findings::Findings,
    ) {
        let witnesses = [because, Some(self.attempt)];
        findings.raise_at(self.cell(), rule, Party::Device(self.device), witnesses);
    }
}

impl<'a> AtRest<'a> {
    /// The last attempts that came to nothing for want of a key, by message, then device; of those messages of which it is known
    /// with which session they were encrypted.
    pub(crate) fn unread(self) -> impl Iterator<Item = Unread<'a>> {
        let messages = &self.view.messages;
        self.verdicts.iter().filter_map(move |verdict| {
            let (message, device) = (verdict.message, verdict.device);
            let Some(Failed::Undecryptable(shown, attempt)) = messages.failure(message, device)
            else {
                return None;
            };
            let encrypted =
                messages.encryption(message).filter(|_| !messages.is_repeated(message))?;
            Some(Unread { message, device, encrypted, shown, attempt })
        })
    }
}
