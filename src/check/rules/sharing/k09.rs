//! K-09 (sender, MUST NOT; specification, "Recommended client behaviour"; MSC4153): a device without encryption is treated as if
//! it were not there: no key, no notice, and no message is refused because of it. Every reading agrees.
//! It does not know who has to be told; W-01 does.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::transport::Content;
use crate::ids::DeviceId;
use crate::protocol::to_device::ToDeviceType;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, Refusal};
use crate::trace::kind::{Kind, Kinds};

/// The judge of K-09.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OnlyCryptographic;

impl Judge for OnlyCryptographic {
    const HEARS: Kinds = Kinds::of(&[Kind::PutTarget, Kind::Enqueued, Kind::SendRefused]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let transport = &case.view.transport;
        let (sender, target) = if let FactKind::SendRefused { device, why, .. } = case.fact.kind {
            let Refusal::WouldWithhold(target) = why else { return };
            (device, target)
        } else if let FactKind::PutTarget { device, txn, recipient, .. } = case.fact.kind
            && is_about_keys(case, transport.find(txn, recipient))
        {
            (device, recipient)
        } else if let FactKind::Enqueued { sender, recipient, txn, message, .. } = case.fact.kind
            && !transport.is_observed(txn)
            && is_about_keys(case, transport.number(message))
        {
            (sender, recipient)
        } else {
            return;
        };
        findings.met(Rule::K09);
        if let Some(up) = came_up_without_keys(case, target) {
            findings.raise(Rule::K09, Party::Device(sender), [Some(up), Some(case.fact.id)]);
        }
    }
}

/// Whether the message is a key or a notice.
fn is_about_keys(case: Case<'_>, number: Option<u32>) -> bool {
    let transport = &case.view.transport;
    let Some(message) = number.map(|number| transport.get(number)) else { return false };
    match message.content {
        Content::Key { .. } | Content::Forwarded(_) | Content::Bundle(_) | Content::Notice(_) => {
            true
        }
        Content::Clear => matches!(
            transport.type_of(message.txn),
            Some(ToDeviceType::ClearRoomKey | ToDeviceType::ClearForwardedRoomKey)
        ),
        Content::Dummy | Content::Request(_) | Content::Sealed | Content::Stray => false,
    }
}

/// The fact that the device came up, if it has had no identity keys with the algorithms since.
fn came_up_without_keys(case: Case<'_>, device: DeviceId) -> Option<crate::ids::FactId> {
    let life = &case.view.life;
    let up = life.up(device)?;
    life.crypto(device).is_none().then_some(up.fact)
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B2, HOME, R, Story, about, device, m, s};
    use crate::protocol::to_device::{OlmEvent, ToDeviceType};
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, Refusal, SentContent};

    fn story(crypto: bool) -> Story {
        let mut story = Story::with_olm();
        story.at(HOME, FactKind::DeviceUp { device: B2, crypto });
        story
    }

    fn rules(story: &Story) -> Vec<Rule> {
        let ours = |rule: &Rule| *rule == Rule::K09;
        story.rules().into_iter().map(|(rule, _)| rule).filter(ours).collect()
    }

    #[test]
    fn a_device_without_encryption_gets_no_key_and_no_notice() {
        for content in
            [Story::key(s(0), 0), SentContent::Withheld(about(A1, s(0), SessionCode::Unverified))]
        {
            for (crypto, expected) in [(false, &[Rule::K09][..]), (true, &[])] {
                let mut story = story(crypto);
                story.put((A1, B2), ToDeviceType::Withheld, content);
                assert_eq!(rules(&story), expected);
                assert_eq!(story.judge().marks.of(Rule::K09), 1);
            }
        }
    }

    #[test]
    fn nothing_is_refused_because_of_it() {
        for (crypto, expected) in [(false, &[Rule::K09][..]), (true, &[])] {
            let mut story = story(crypto);
            let why = Refusal::WouldWithhold(B2);
            story.by(A1, FactKind::SendRefused { device: A1, room: R, message: m(0), why });
            assert_eq!(rules(&story), expected);
        }
    }

    #[test]
    fn a_notice_whose_sender_nobody_saw_counts_where_it_lies() {
        let mut other = story(false);
        let content = SentContent::Withheld(about(A1, s(0), SessionCode::Unverified));
        let put = other.clone().put((A1, B2), ToDeviceType::Withheld, content);
        other.stored(put);
        assert!(other.rules().contains(&(Rule::K09, device(A1))));
    }

    #[test]
    fn of_a_device_that_nobody_saw_come_up_nothing_is_known() {
        let mut story = Story::with_olm();
        story.put((A1, B2), ToDeviceType::Encrypted, Story::key(s(0), 0));
        assert_eq!(rules(&story), []);
    }

    #[test]
    fn what_was_seen_to_be_written_counts_once_and_what_is_not_about_keys_never() {
        let mut told = story(false);
        let content = SentContent::Withheld(about(A1, s(0), SessionCode::Unverified));
        told.send((A1, B2), ToDeviceType::Withheld, content);
        assert_eq!(rules(&told), [Rule::K09]);
        assert_eq!(told.judge().marks.of(Rule::K09), 1);
        let mut other = story(false);
        let dummy = SentContent::Olm(OlmEvent::Dummy { empty: true });
        let mut unobserved = other.clone();
        let sent = other.send((A1, B2), ToDeviceType::Encrypted, dummy);
        unobserved.stored(sent);
        for story in [other, unobserved] {
            assert_eq!(rules(&story), []);
            assert_eq!(story.judge().marks.of(Rule::K09), 0);
        }
    }
}
