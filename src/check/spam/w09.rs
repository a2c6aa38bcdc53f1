//! W-09: a sender tells a device at most once, of its own accord, that it withholds a session.
//! It does not know `m.no_olm`, which names no session, nor answers to requests.

use crate::check::breaches::Breach;
use crate::check::spam::Accepted;
use crate::check::view::life::Moment;
use crate::check::view::notices::NoticeCode;
use crate::check::view::pairs::Pairs;
use crate::ids::DeviceId;
use crate::rulebook::rule::Rule;

/// A notice that was counted.
#[derive(Debug, Clone, Copy)]
struct Counted {
    sender: DeviceId,
    code: NoticeCode,
    put: Moment,
}

/// The notices that were counted, by session and recipient.
#[derive(Debug, Clone, Default)]
pub(crate) struct OncePerSession {
    counted: Pairs<Vec<Counted>>,
}

impl OncePerSession {
    /// A notice about a session was accepted: a breach if its sender has told this recipient before. Where a change
    /// of the code is let pass, only the same code counts as the same.
    pub(crate) fn accepted(&mut self, accepted: Accepted<'_>) -> Option<Breach> {
        let reading = &accepted.view.reading;
        let message = accepted.message;
        let session = accepted.notice.session?;
        let counted = self.counted.entry(session.raw(), message.recipient.raw());
        let earlier = counted.iter().find(|earlier| {
            earlier.sender == message.sender
                && (reading.code_change_counts || earlier.code == accepted.notice.code)
                && accepted.counts(earlier.put)
        });
        let breach = earlier
            .map(|earlier| accepted.breach(Rule::W09, reading.once_per_session, earlier.put));
        counted.push(Counted {
            sender: message.sender,
            code: accepted.notice.code,
            put: message.put,
        });
        breach
    }
}
