//! P-15 (recipient, MUST; specification, `m.megolm.v1.aes-sha2`; Megolm, replay attacks): an index that one message has
//! used is refused for another. Every reading agrees. It does not know how a sender comes to use an index twice.

use std::collections::BTreeMap;

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::messages::Failed;
use crate::check::view::pairs::Pairs;
use crate::ids::{DeviceId, MegolmSessionId, MessageId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, TryResult};
use crate::trace::kind::{Kind, Kinds};

/// Messages that share session and index with an earlier one.
#[derive(Debug, Clone, Default)]
struct Twins {
    messages: Vec<MessageId>,
}

/// The judge of P-15.
#[derive(Debug, Clone, Default)]
pub(crate) struct IndexOnce {
    /// The first message at each index of each session.
    first: Pairs<MessageId>,
    twins: BTreeMap<(MegolmSessionId, u32), Twins>,
}

impl Judge for IndexOnce {
    const HEARS: Kinds = Kinds::of(&[Kind::MegolmEncrypted, Kind::Try]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::MegolmEncrypted { session, index, message, .. } = case.fact.kind {
            self.encrypted((session, index), message);
        } else if let FactKind::Try { device, message, result } = case.fact.kind
            && !self.twins.is_empty()
        {
            match result {
                TryResult::Decrypted | TryResult::Hidden => {
                    self.read(case, (device, message), findings);
                }
                TryResult::Invalid if self.is_twin(case, message) => findings.met(Rule::P15),
                TryResult::Invalid | TryResult::Undecryptable(_) => {}
            }
        }
    }
}

impl IndexOnce {
    fn encrypted(&mut self, (session, index): (MegolmSessionId, u32), message: MessageId) {
        let Some(first) = self.first.get(session.raw(), index).copied() else {
            self.first.insert(session.raw(), index, message);
            return;
        };
        if first != message {
            let twins = self.twins.entry((session, index)).or_default();
            if twins.messages.is_empty() {
                twins.messages.push(first);
            }
            twins.messages.push(message);
        }
    }

    /// Whether another message has the session and the index of this one.
    fn is_twin(&self, case: Case<'_>, message: MessageId) -> bool {
        let encrypted = case.view.messages.encryption(message);
        encrypted.is_some_and(|it| self.twins.contains_key(&(it.session, it.index)))
    }

    fn read(
        &self,
        case: Case<'_>,
        (device, message): (DeviceId, MessageId),
        findings: &mut Findings,
    ) {
        let messages = &case.view.messages;
        // Of a message that stands in the room twice it is not known which of the two was read.
        if messages.is_repeated(message) {
            return;
        }
        let Some(encrypted) = messages.encryption(message) else { return };
        let place = (encrypted.session, encrypted.index);
        let Some(twins) = self.twins.get(&place) else { return };
        findings.met(Rule::P15);
        let other = twins.messages.iter().find(|other| {
            let there = messages.encryption(**other);
            let same = there.is_some_and(|there| (there.session, there.index) == place);
            let is_certain = !messages.is_repeated(**other);
            // What was decrypted and hidden has used its index.
            let was_used = messages.was_read(**other, device)
                || matches!(messages.failure(**other, device), Some(Failed::Hidden(_)));
            **other != message && same && is_certain && was_used
        });
        let earlier = other.and_then(|other| messages.encryption(*other)).map(|other| other.fact);
        // What an older store has forgotten was never read.
        let forgotten = earlier.and_then(|earlier| case.view.life.restored_since(device, earlier));
        if let (Some(_), None) = (other, forgotten) {
            let witnesses = [earlier, Some(encrypted.fact), Some(case.fact.id)];
            findings.raise_at((message, device), Rule::P15, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, rules, s};
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, TryResult};

    /// Messages 0 and 1 of session 0 both use index 0, and B1 has read the first.
    fn twice() -> Story {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.tries(B1, 0, TryResult::Decrypted);
        story.message(s(0), 0, 1);
        story
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::P15, device(B1)))
    }

    #[test]
    fn the_second_message_is_refused_and_the_first_may_be_read_again() {
        let mut story = twice();
        story.tries(B1, 1, TryResult::Invalid);
        story.tries(B1, 0, TryResult::Decrypted);
        assert!(!broken(&story));
        assert_eq!(story.judge().marks.of(Rule::P15), 2, "the refusal, and the reading");
    }

    #[test]
    fn to_read_both_is_a_breach_in_every_reading() {
        let mut story = twice();
        story.tries(B1, 1, TryResult::Decrypted);
        for reading in ReadingName::ALL {
            assert!(rules(&story.judge_as(reading)).contains(&(Rule::P15, device(B1))));
        }
    }

    #[test]
    fn what_was_read_and_hidden_has_used_its_index() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.tries(B1, 0, TryResult::Hidden);
        story.message(s(0), 0, 1);
        story.tries(B1, 1, TryResult::Decrypted);
        assert!(broken(&story));
    }

    #[test]
    fn two_indices_or_a_message_encrypted_again_are_right() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.encrypt(s(0), 0, 0);
        story.message(s(0), 0, 0);
        story.message(s(0), 1, 1);
        for message in [0, 1] {
            story.tries(B1, message, TryResult::Decrypted);
        }
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_device_whose_store_went_back_has_forgotten_the_first() {
        let mut story = twice();
        let snapshot = SimTime::from_ms(5);
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        story.tries(B1, 1, TryResult::Decrypted);
        assert!(!broken(&story));
    }

    #[test]
    fn it_does_not_matter_whether_the_second_was_there_by_then() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.tries(B1, 0, TryResult::Decrypted);
        let snapshot = SimTime::from_ms(5);
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        story.message(s(0), 0, 1);
        story.tries(B1, 1, TryResult::Decrypted);
        assert!(!broken(&story));
    }

    #[test]
    fn each_message_of_an_index_counts_against_each_other() {
        let mut story = twice();
        story.message(s(0), 0, 2);
        let mut last = story.clone();
        last.tries(B1, 2, TryResult::Decrypted);
        assert!(broken(&last), "the first was read before");
        let mut unread = Story::with_olm();
        unread.deliver((A1, B1), s(0), 0);
        for message in 0..3 {
            unread.message(s(0), 0, message);
        }
        unread.tries(B1, 1, TryResult::Decrypted);
        assert!(!broken(&unread), "only the second was read");
        for earlier in [0, 2] {
            let mut story = unread.clone();
            story.tries(B1, earlier, TryResult::Decrypted);
            assert!(broken(&story), "the second was read before {earlier}");
        }
    }

    #[test]
    fn a_message_that_is_refused_for_another_reason_is_no_occasion() {
        let mut story = twice();
        story.message(s(0), 1, 2);
        story.tries(B1, 2, TryResult::Invalid);
        assert_eq!(story.judge().marks.of(Rule::P15), 0);
    }
}
