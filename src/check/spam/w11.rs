//! W-11: a request for a key is answered with a notice at most once.
//! It does not know whether the answer was right, nor notices that nobody asked for.

use std::collections::BTreeMap;

use crate::check::breaches::Breach;
use crate::check::spam::Accepted;
use crate::check::view::life::Moment;
use crate::ids::{DeviceId, RequestId};
use crate::rulebook::reading::{ReplyCount, Severity};
use crate::rulebook::rule::Rule;

/// The first answers, by who answers, who asked, and the request.
#[derive(Debug, Clone, Default)]
pub(crate) struct OncePerRequest {
    answered: BTreeMap<(DeviceId, DeviceId, RequestId), Moment>,
}

impl OncePerRequest {
    /// An answer was accepted: a breach if there was one before. Where each processing of a request may be answered
    /// only an answer that none waited for counts.
    pub(crate) fn accepted(
        &mut self,
        accepted: Accepted<'_>,
        request: RequestId,
        waited_for: bool,
    ) -> Option<Breach> {
        let message = accepted.message;
        let key = (message.sender, message.recipient, request);
        let earlier = self.answered.get(&key).copied().filter(|put| accepted.counts(*put));
        let Some(earlier) = earlier else {
            self.answered.insert(key, message.put);
            return None;
        };
        let allowed = match accepted.view.reading.replies {
            ReplyCount::PerRequest => false,
            ReplyCount::PerProcessing => waited_for,
        };
        (!allowed).then(|| accepted.breach(Rule::W11, Severity::Violation, earlier))
    }
}
