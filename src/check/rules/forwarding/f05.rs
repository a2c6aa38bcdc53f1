//! F-05 (sender, MUST; specification, `withheld` of `m.forwarded_room_key`): the object carries code and reason of a
//! notice that the forwarder received, absent where they were absent. That a gap is due to `m.no_olm` may be
//! said in the lenient reading. It does not know why the forwarder's key is partial.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::transport::Content;
use crate::ids::{DeviceId, MegolmSessionId};
use crate::protocol::to_device::ForwardedWithheld;
use crate::protocol::withheld::{Field, WithheldCode, WithheldContent};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::{Kind, Kinds};

/// The judge of F-05.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReceivedReason;

/// Whether the device received this reason for the session: by a notice, in a history bundle, or with a key that was forwarded
/// to it. A notice for an earlier device of the same id lies in the mailbox of who has that id now.
fn received(
    view: &View,
    device: DeviceId,
    session: MegolmSessionId,
    reason: ForwardedWithheld,
) -> bool {
    let says =
        |content: &WithheldContent| (content.code, content.reason) == (reason.code, reason.reason);
    let is_processed = |number| view.transport.get(number).processed.is_some();
    let mut notices = view.notices.naming(session, device);
    // A bundle's entry stands for a notice.
    let mut entries = view.bundles.reasons(device, session);
    let mut forwards = view.forwards.to(device, session);
    let strays = view.transport.all().filter(|message| {
        (message.recipient, message.content) == (device, Content::Stray)
            && message.processed.is_some()
    });
    let mut meant_for_another = strays.flat_map(|stray| view.transport.of_txn(stray.txn));
    notices.any(|notice| is_processed(notice.number) && says(&notice.content))
        || entries.any(says)
        || forwards
            .any(|(number, forwarded)| is_processed(number) && forwarded.withheld == Some(reason))
        || meant_for_another.any(|number| {
            let Content::Notice(notice) = view.transport.get(number).content else { return false };
            let notice = view.notices.get(notice);
            notice.session == Some(session) && says(&notice.content)
        })
}

/// Whether the creator of the session told the device that it had no Olm session with it, and the reading lets that pass.
fn allowed_no_olm(
    view: &View,
    device: DeviceId,
    (session, creator): (MegolmSessionId, DeviceId),
    reason: ForwardedWithheld,
) -> bool {
    let creator = view.messages.session(session).map_or(creator, |made| made.creator);
    view.reading.forwarded_no_olm
        && reason.code == Field::Is(WithheldCode::NoOlm)
        && view.notices.no_olm(creator, device).any(|notice| {
            let heard = view.transport.get(notice.number).processed.is_some();
            heard && notice.content.reason == reason.reason
        })
}

impl Judge for ReceivedReason {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted, Kind::Enqueued, Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let view = case.view;
        let Some(number) = view.forwards.fresh() else { return };
        let Some(forwarded) = view.forwards.get(number) else { return };
        let Some(reason) = forwarded.withheld else { return };
        let sender = view.transport.get(number).sender;
        if !view.has_heard(sender) {
            return;
        }
        findings.met(Rule::F05);
        let session = forwarded.key.session;
        let allowed = received(view, sender, session, reason)
            || allowed_no_olm(view, sender, (session, forwarded.creator), reason);
        if !allowed {
            findings.raise(Rule::F05, Party::Device(sender), [Some(case.fact.id)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::sending::Sent;
    use crate::check::testing::{A1, B1, B2, Story, about, device, rules, s};
    use crate::ids::Sym;
    use crate::protocol::to_device::{ForwardedWithheld, ToDeviceType};
    use crate::protocol::withheld::{Field, SessionCode, WithheldCode, WithheldContent};
    use crate::rulebook::reading::{Reading, ReadingName};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::SentContent;

    const TEXT: Field<Sym> = Field::Is(Sym::new(30));

    fn saying(code: WithheldCode, reason: Field<Sym>) -> Option<ForwardedWithheld> {
        Some(ForwardedWithheld { code: Field::Is(code), reason })
    }

    /// B1 was told with this reason, and forwards.
    fn forwarding(heard: bool, told: Field<Sym>, says: Option<ForwardedWithheld>) -> Story {
        let mut story = Story::blocked();
        let content = about(A1, s(0), SessionCode::Blacklisted);
        let sent = story.tell((A1, B1), WithheldContent { reason: told, ..content });
        if heard {
            story.hear(sent);
        }
        story.send((B1, B2), ToDeviceType::Encrypted, Story::forwarded(s(0), 5, says));
        story
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::F05, device(B1)))
    }

    #[test]
    fn code_and_reason_are_passed_on_as_they_came() {
        for reason in [TEXT, Field::Absent] {
            let says = saying(WithheldCode::Blacklisted, reason);
            let story = forwarding(true, reason, says);
            assert!(!broken(&story));
            assert_eq!(story.judge().marks.of(Rule::F05), 1);
        }
        assert_eq!(forwarding(true, TEXT, None).judge().marks.of(Rule::F05), 0);
    }

    #[test]
    fn another_code_another_reason_or_one_that_was_never_received_is_a_breach() {
        let code = WithheldCode::Blacklisted;
        assert!(broken(&forwarding(true, TEXT, saying(WithheldCode::Unverified, TEXT))));
        assert!(broken(&forwarding(true, TEXT, saying(code, Field::Absent))));
        assert!(broken(&forwarding(true, Field::Absent, saying(code, TEXT))));
        assert!(broken(&forwarding(false, TEXT, saying(code, TEXT))));
    }

    #[test]
    fn a_reason_that_came_with_a_forwarded_key_is_passed_on() {
        let mut story = Story::blocked();
        let says = saying(WithheldCode::Unverified, Field::Absent);
        let sent = story.send((B2, B1), ToDeviceType::Encrypted, Story::forwarded(s(0), 5, says));
        story.take_forward(sent, Some(WithheldCode::Unverified));
        story.send((B1, A1), ToDeviceType::Encrypted, Story::forwarded(s(0), 5, says));
        assert!(!broken(&story));
    }

    #[test]
    fn a_reason_that_was_meant_for_an_earlier_device_of_that_id_is_passed_on() {
        for is_heard in [true, false] {
            let mut story = Story::blocked();
            let content = SentContent::Withheld(about(A1, s(0), SessionCode::Blacklisted));
            let sent = story.put((A1, B2), ToDeviceType::Withheld, content);
            story.accepted(sent);
            let got = Sent { recipient: B1, ..sent };
            story.stored(got);
            if is_heard {
                story.hear(got);
            }
            let says = saying(WithheldCode::Blacklisted, Field::Absent);
            story.send((B1, A1), ToDeviceType::Encrypted, Story::forwarded(s(0), 5, says));
            assert_eq!(broken(&story), !is_heard);
        }
    }

    #[test]
    fn no_olm_may_be_passed_on_in_the_lenient_reading_only() {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.claim_fails(A1, B1);
        let sent = story.no_olm(A1, B1);
        story.hear(sent);
        let says = saying(WithheldCode::NoOlm, Field::Absent);
        story.send((B1, B2), ToDeviceType::Encrypted, Story::forwarded(s(0), 5, says));
        assert!(broken(&story));
        let strict = Reading::named(ReadingName::Strict);
        let knob = Reading { forwarded_no_olm: true, ..strict };
        assert!(!rules(&story.judge_by(knob)).contains(&(Rule::F05, device(B1))));
    }

    #[test]
    fn a_reason_that_nobody_has_taken_in_or_another_one_is_no_reason_that_was_received() {
        let says = saying(WithheldCode::Unverified, Field::Absent);
        let other = saying(WithheldCode::Unauthorised, Field::Absent);
        for (came, is_taken) in [(says, false), (other, true)] {
            let mut story = Story::blocked();
            let key = Story::forwarded(s(0), 5, came);
            let sent = story.send((B2, B1), ToDeviceType::Encrypted, key);
            if is_taken {
                story.take_forward(sent, came.and_then(|came| came.code.value()));
            }
            story.send((B1, A1), ToDeviceType::Encrypted, Story::forwarded(s(0), 5, says));
            assert!(broken(&story), "{is_taken}");
        }
        let mut unheard = Story::begin();
        unheard.session(A1, s(0));
        unheard.claim_fails(A1, B1);
        unheard.no_olm(A1, B1);
        let says = saying(WithheldCode::NoOlm, Field::Absent);
        unheard.send((B1, B2), ToDeviceType::Encrypted, Story::forwarded(s(0), 5, says));
        let strict = Reading::named(ReadingName::Strict);
        let knob = Reading { forwarded_no_olm: true, ..strict };
        assert!(rules(&unheard.judge_by(knob)).contains(&(Rule::F05, device(B1))));
    }
}
