//! N-02: a sender reports `m.no_olm` to a device at most once until it has an Olm session with it.
//! It does not know whether an attempt failed; a repetition for another room is told apart by `n03`.

use crate::check::breaches::Breach;
use crate::check::spam::{Accepted, n03};
use crate::check::view::life::Moment;
use crate::check::view::olm::Epoch;
use crate::check::view::pairs::Pairs;
use crate::ids::RoomId;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;

/// The report that stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    epoch: Epoch,
    put: Moment,
    /// The room that it was about, as far as can be told.
    pub(crate) room: Option<RoomId>,
}

/// The reports that stand, by sender and recipient.
#[derive(Debug, Clone, Default)]
pub(crate) struct OncePerEpoch {
    standing: Pairs<Standing>,
}

impl OncePerEpoch {
    /// A report was accepted: a breach if one from the same epoch stands.
    pub(crate) fn accepted(&mut self, accepted: Accepted<'_>) -> Option<Breach> {
        let Accepted { notice, message, .. } = accepted;
        let (sender, recipient) = (message.sender.raw(), message.recipient.raw());
        let earlier = self
            .standing
            .get(sender, recipient)
            .copied()
            .filter(|earlier| earlier.epoch == notice.epoch && accepted.counts(earlier.put));
        let Some(earlier) = earlier else {
            let standing = Standing { epoch: notice.epoch, put: message.put, room: notice.room };
            self.standing.insert(sender, recipient, standing);
            return None;
        };
        let rule = if n03::is_for_another_room(&earlier, notice) { Rule::N03 } else { Rule::N02 };
        Some(accepted.breach(rule, Severity::Violation, earlier.put))
    }
}
