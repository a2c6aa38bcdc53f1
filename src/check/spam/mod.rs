//! SPAM: nobody is told again what they were told already. The rules count notices that the sender's server accepted.
//! It does not know whether a notice was due or true.

pub(crate) mod n02;
pub(crate) mod n03;
pub(crate) mod w09;
pub(crate) mod w11;

use std::collections::BTreeMap;

use crate::check::breaches::Breach;
use crate::check::findings::Findings;
use crate::check::outcome::NoticeCount;
use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::check::view::notices::Notice;
use crate::check::view::requests::Class;
use crate::check::view::transport::ToDevice;
use crate::ids::{DeviceId, FactId};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;

/// A notice at the moment when it was accepted, with what there is to know about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepted<'a> {
    /// Everything else.
    pub(crate) view: &'a View,
    /// The notice.
    pub(crate) notice: &'a Notice,
    /// What carries it.
    pub(crate) message: &'a ToDevice,
    /// The acceptance.
    pub(crate) fact: FactId,
}

impl Accepted<'_> {
    /// Whether an earlier notice counts against its sender: not if the sender's store forgot it since.
    fn counts(&self, earlier: Moment) -> bool {
        self.view.life.forgiven(self.message.sender, earlier).is_none()
    }

    /// The breach of `rule` that this notice is, because of an earlier one.
    fn breach(&self, rule: Rule, severity: Severity, earlier: Moment) -> Breach {
        Breach {
            rule,
            party: Party::Device(self.message.sender),
            severity,
            cell: None,
            witnesses: [Some(earlier.fact), Some(self.message.put.fact), Some(self.fact)],
        }
    }
}

/// The four rules and the plain count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spam {
    session: w09::OncePerSession,
    no_olm: n02::OncePerEpoch,
    replies: w11::OncePerRequest,
    counts: BTreeMap<(DeviceId, DeviceId, WithheldCode), u32>,
}

impl Spam {
    /// A notice was accepted by its sender's server.
    pub(crate) fn accepted(&mut self, accepted: Accepted<'_>, findings: &mut Findings) {
        let Accepted { notice, message, .. } = accepted;
        if !notice.recognised {
            return;
        }
        if let Some(code) = notice.code.known() {
            *self.counts.entry((message.sender, message.recipient, code)).or_default() += 1;
        }
        let breach = if notice.is_no_olm() {
            self.no_olm.accepted(accepted)
        } else {
            match notice.class {
                Class::Proactive => self.session.accepted(accepted),
                Class::Reply { request, waited_for } => {
                    self.replies.accepted(accepted, request, waited_for)
                }
            }
        };
        if let Some(breach) = breach {
            findings.add(breach);
        }
    }

    /// Notices by sender, recipient and code, ascending.
    pub(crate) fn counts(&self) -> Vec<NoticeCount> {
        let count = |(ends, count): (&(DeviceId, DeviceId, WithheldCode), &u32)| NoticeCount {
            sender: ends.0,
            recipient: ends.1,
            code: ends.2,
            count: *count,
        };
        self.counts.iter().map(count).collect()
    }
}
