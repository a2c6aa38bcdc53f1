//! The rule book at work: every rule that is judged at the facts has a file here, in the folder of its family, or is named in the first
//! lines of one.
//! It does not know what became of a message; `explained` judges that, and with it the duties to share and to tell.

mod device_lists;
mod forwarding;
mod history;
mod no_olm;
mod notice;
mod olm;
mod one_time_keys;
mod privacy;
mod recipient;
mod requests;
mod rotation;
mod sharing;
mod transport;
pub(crate) mod truth;
mod unblocking;
mod unread;
mod verification;
mod withheld;

use crate::check::findings::Findings;
use crate::check::outcome::Verdict;
use crate::check::rules::device_lists::DeviceLists;
use crate::check::rules::forwarding::Forwarding;
use crate::check::rules::history::History;
use crate::check::rules::no_olm::NoOlm;
use crate::check::rules::olm::OlmHealth;
use crate::check::rules::one_time_keys::OneTimeKeys;
use crate::check::rules::privacy::Privacy;
use crate::check::rules::recipient::Recipient;
use crate::check::rules::requests::Requests;
use crate::check::rules::rotation::Rotation;
use crate::check::rules::sharing::Sharing;
use crate::check::rules::transport::Transport;
use crate::check::rules::unblocking::Unblocking;
use crate::check::rules::verification::Verification;
use crate::check::rules::withheld::Withheld;
use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::ids::DeviceId;
use crate::scenario::fault::Party;
use crate::trace::fact::{Fact, Observer};
use crate::trace::kind::{Kinds, OfKind};

/// A fact, with everything that is known by then: the view has taken it in already. A rule that needs to know what was so
/// before keeps that itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    /// What the facts up to this one add up to.
    pub(crate) view: &'a View,
    /// The fact.
    pub(crate) fact: &'a Fact,
}

impl Case<'_> {
    /// The fact and its virtual time.
    pub(crate) fn now(&self) -> Moment {
        Moment { fact: self.fact.id, at: self.fact.at }
    }

    /// The server that observed the fact; the one of `device`, if no server did.
    pub(crate) fn server(&self, device: DeviceId) -> Party {
        Party::Server(match self.fact.observer {
            Observer::Server(server) => server,
            Observer::World | Observer::Device(_) => self.view.cast.server_of(device),
        })
    }
}

/// Everything that is known once nothing more can come (the run is *quiescent*).
#[derive(Debug, Clone, Copy)]
pub(crate) struct AtRest<'a> {
    /// What the facts add up to.
    pub(crate) view: &'a View,
    /// The verdicts, by message, then device.
    pub(crate) verdicts: &'a [Verdict],
}

/// A rule, or a tight family of rules, that is judged at the facts.
pub(crate) trait Judge {
    /// The kinds of fact that it has to hear of.
    const HEARS: Kinds;

    /// Hears of a fact of one of these kinds. A safety rule speaks here, at the fact that breaks it.
    fn hear(&mut self, case: Case<'_>, findings: &mut Findings);

    /// The same, of the kind with this number. A family is compiled for each kind by itself: of a hundred judges few hear of one.
    #[inline]
    fn hear_of<const KIND: u8>(&mut self, case: Case<'_>, findings: &mut Findings) {
        self.hear(case, findings);
    }

    /// The run has come to rest. A liveness rule speaks here; of a run that was cut it is never asked.
    fn rest(&mut self, _: AtRest<'_>, _: &mut Findings) {}
}

/// A judge who hears of a fact.
pub(crate) struct Hearing<'a, J> {
    judge: &'a mut J,
    case: Case<'a>,
    findings: &'a mut Findings,
}

impl<J: Judge> OfKind for Hearing<'_, J> {
    #[inline]
    fn of<const KIND: u8>(self) {
        self.judge.hear_of::<KIND>(self.case, self.findings);
    }
}

/// Declares a family: a struct with a field for each judge, which is a judge itself and passes on what each has to hear.
macro_rules! family {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($field:ident: $judge:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        $vis struct $name {
            $($field: $judge,)*
        }

        impl $crate::check::rules::Judge for $name {
            const HEARS: $crate::trace::kind::Kinds = $crate::trace::kind::Kinds::NONE
                $(.or(<$judge as $crate::check::rules::Judge>::HEARS))*;

            #[expect(clippy::allow_attributes, reason = "a family may be empty")]
            #[allow(unused_variables, reason = "a family may be empty")]
            fn hear(
                &mut self,
                case: $crate::check::rules::Case<'_>,
                findings: &mut $crate::check::findings::Findings,
            ) {
                let kind = $crate::trace::kind::Kind::of(&case.fact.kind);
                kind.choose($crate::check::rules::Hearing { judge: self, case, findings });
            }

            #[inline]
            #[expect(clippy::allow_attributes, reason = "a family may be empty")]
            #[allow(unused_variables, reason = "a family may be empty")]
            fn hear_of<const KIND: u8>(
                &mut self,
                case: $crate::check::rules::Case<'_>,
                findings: &mut $crate::check::findings::Findings,
            ) {
                $(
                    if const { <$judge as $crate::check::rules::Judge>::HEARS.holds(KIND) } {
                        self.$field.hear_of::<KIND>(case, findings);
                    }
                )*
            }

            #[expect(clippy::allow_attributes, reason = "a family may be empty")]
            #[allow(unused_variables, reason = "a family may be empty")]
            fn rest(
                &mut self,
                at_rest: $crate::check::rules::AtRest<'_>,
                findings: &mut $crate::check::findings::Findings,
            ) {
                $(self.$field.rest(at_rest, findings);)*
            }
        }
    };
}
use family;

family! {
    /// All rules that are judged at the facts.
    pub(crate) struct Rules {
        sharing: Sharing,
        rotation: Rotation,
        verification: Verification,
        withheld: Withheld,
        no_olm: NoOlm,
        recipient: Recipient,
        olm: OlmHealth,
        one_time_keys: OneTimeKeys,
        transport: Transport,
        device_lists: DeviceLists,
        requests: Requests,
        forwarding: Forwarding,
        unblocking: Unblocking,
        history: History,
        privacy: Privacy,
    }
}
